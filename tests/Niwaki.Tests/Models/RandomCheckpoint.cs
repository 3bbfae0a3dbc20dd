using System.Buffers.Binary;
using System.Text;
using System.Text.Json.Nodes;
using Niwaki.Formats.HuggingFace;
using Niwaki.Formats.Safetensors;
using Niwaki.Models;
using Niwaki.Numerics;
using Niwaki.Tensors;

namespace Niwaki.Tests.Models;

/// <summary>Writes small model folders with random or coded weights, for tests of everything that reads models.</summary>
internal static class RandomCheckpoint
{
    /// <summary>Writes a model folder and says where it is.</summary>
    /// <param name="folder">Target; made when it does not exist.</param>
    /// <param name="spec">What to write.</param>
    /// <param name="seed">Seed of the random numbers; coded weights do not depend on it.</param>
    public static string Write(string folder, RandomCheckpointSpec spec, long seed = 0)
    {
        Directory.CreateDirectory(folder);
        ConfigDocument document = Document(spec);
        document.WriteTo(Path.Combine(folder, "config.json"));
        List<PlannedTensor> tensors = Tensors(spec, ModelConfigReader.Read(document));
        new CheckpointWriter(tensors, spec.MaxShardBytes).Write(folder, (tensor, stream) => stream.Write(Bytes(spec, tensor, seed)));
        return folder;
    }

    /// <summary>The config of the model that a spec describes, without writing it.</summary>
    public static ModelConfig Config(RandomCheckpointSpec spec) => ModelConfigReader.Read(Document(spec));

    /// <summary>The bits that a coded weight carries at one place: in 16-bit elements the lower half of them.</summary>
    /// <remarks>A hash, so that two places agree by chance only: once in 65,536 for 16-bit elements. Any bit pattern may come, NaN too.</remarks>
    public static uint CodedBits(string tensor, long row, long column)
    {
        // FNV-1a over the name, then two rounds of a multiplicative mix (Murmur finalizer) over the place.
        uint hash = 2166136261;
        foreach (char c in tensor)
        {
            hash = (hash ^ c) * 16777619;
        }

        return Mix(Mix(hash ^ (uint)row) ^ (uint)column);
    }

    private static uint Mix(uint value)
    {
        value = (value ^ (value >> 16)) * 0x85EBCA6B;
        value = (value ^ (value >> 13)) * 0xC2B2AE35;
        return value ^ (value >> 16);
    }

    /// <summary>The config.json of the model that a spec describes.</summary>
    public static ConfigDocument Document(RandomCheckpointSpec spec)
    {
        BlockShape shape = spec.GlobalShape;
        bool uniform = spec.Blocks.All(block => block == shape);
        var config = new JsonObject
        {
            ["architectures"] = new JsonArray(uniform ? Niwaki.Models.Architecture.Find(spec.ModelType)?.ClassName : "NiwakiForCausalLM"),
            ["model_type"] = uniform ? spec.ModelType : Niwaki.Models.Architecture.HeterogeneousModelType,
            ["hidden_size"] = spec.HiddenSize,
            ["intermediate_size"] = shape.Neurons,
            ["num_hidden_layers"] = spec.Blocks.Count,
            ["num_attention_heads"] = shape.Heads,
            ["num_key_value_heads"] = shape.KeyValueHeads,
            ["head_dim"] = spec.HeadDim,
            ["vocab_size"] = spec.VocabularySize,
            ["hidden_act"] = "silu",
            ["rms_norm_eps"] = 1e-5,
            ["rope_theta"] = 10000,
            ["max_position_embeddings"] = 256,
            ["attention_bias"] = spec.AttentionBias,
            ["mlp_bias"] = spec.MlpBias,
            ["sliding_window"] = null,
            ["tie_word_embeddings"] = spec.TiedEmbeddings,
        };
        if (!uniform)
        {
            config["niwaki_base_type"] = spec.ModelType;
            config[PerLayerConfig.Field] = PerLayerConfig.Write(spec.Blocks, shape);
        }

        foreach ((string name, JsonNode? value) in JsonNode.Parse(spec.ExtraConfig)!.AsObject())
        {
            config[name] = value?.DeepClone();
        }

        return ConfigDocument.Parse(Encoding.UTF8.GetBytes(config.ToJsonString()), "config.json");
    }

    private static List<PlannedTensor> Tensors(RandomCheckpointSpec spec, ModelConfig config)
    {
        var tensors = new List<PlannedTensor> { new(TensorNames.Embedding, spec.ElementType, spec.VocabularySize, spec.HiddenSize) };
        for (int i = 0; i < config.Blocks.Count; i++)
        {
            BlockShape shape = config.Blocks[i];
            tensors.AddRange(BlockTensor.Of(config.Features, shape).Select(tensor => new PlannedTensor(
                tensor.NameIn(i),
                spec.ElementType,
                tensor.Columns is { } columns
                    ? [config.Extent(tensor.Rows, shape), config.Extent(columns, shape)]
                    : [config.Extent(tensor.Rows, shape)])));
        }

        tensors.Add(new PlannedTensor(TensorNames.FinalNorm, spec.ElementType, spec.HiddenSize));
        if (!spec.TiedEmbeddings)
        {
            tensors.Add(new PlannedTensor(TensorNames.OutputHead, spec.ElementType, spec.VocabularySize, spec.HiddenSize));
        }

        tensors.AddRange(spec.ExtraTensors.Select(extra => new PlannedTensor(extra.Key, spec.ElementType, extra.Value)));
        return tensors;
    }

    /// <summary>All elements of a tensor; every tensor has its own random sequence, so that it does not depend on the others.</summary>
    private static byte[] Bytes(RandomCheckpointSpec spec, PlannedTensor tensor, long seed)
    {
        long columns = tensor.Shape.Count == 0 ? 1 : tensor.Shape[^1];
        long rows = columns == 0 ? 0 : tensor.Shape.Aggregate(1L, (product, dimension) => product * dimension) / columns;
        var random = new SeededRandom(seed, CodedBits(tensor.Name, 0, 0));
        byte[] bytes = new byte[tensor.ByteLength];
        int size = spec.ElementType.SizeInBytes();
        for (long i = 0; i < rows * columns; i++)
        {
            uint bits = spec.Coded ? CodedBits(tensor.Name, i / columns, i % columns) : Encode(Normal(tensor, columns, random), spec.ElementType);
            Span<byte> target = bytes.AsSpan((int)i * size, size);
            if (size == sizeof(uint))
            {
                BinaryPrimitives.WriteUInt32LittleEndian(target, bits);
            }
            else
            {
                BinaryPrimitives.WriteUInt16LittleEndian(target, (ushort)bits);
            }
        }

        return bytes;
    }

    /// <summary>Norms near 1, biases near 0, matrices that keep the size of what passes through them.</summary>
    private static float Normal(PlannedTensor tensor, long columns, SeededRandom random) => tensor switch
    {
        { Name: TensorNames.Embedding } => (float)random.NextNormal(),
        { Shape.Count: 1 } when tensor.Name.EndsWith("norm.weight", StringComparison.Ordinal) => (float)(1 + (0.1 * random.NextNormal())),
        { Shape.Count: < 2 } => (float)(0.1 * random.NextNormal()),
        _ => (float)(random.NextNormal() / Math.Sqrt(columns)),
    };

    internal static uint Encode(float value, ElementType type)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return type switch
        {
            ElementType.F32 => bits,
            ElementType.F16 => BitConverter.HalfToUInt16Bits((Half)value),

            // Round to nearest, ties to even.
            _ => (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16,
        };
    }
}
