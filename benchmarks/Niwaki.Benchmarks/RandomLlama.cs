using System.Buffers.Binary;
using System.Globalization;
using Niwaki.Formats;
using Niwaki.Formats.HuggingFace;
using Niwaki.Formats.Safetensors;
using Niwaki.Models;
using Niwaki.Numerics;
using Niwaki.Tensors;

namespace Niwaki.Benchmarks;

/// <summary>Writes a Llama with random BF16 weights, untied: a model of any size to measure on.</summary>
internal static class RandomLlama
{
    /// <summary>The benchmark model: 12 blocks, hidden 768, 12 heads, 12 KV heads, 2,048 neurons, vocabulary 32,000.</summary>
    public static readonly (int Blocks, int Hidden, int Heads, int KeyValueHeads, int Neurons, int Vocabulary) Standard = (12, 768, 12, 12, 2048, 32_000);

    private const int ChunkElements = 1 << 16;

    public static int Run(string[] args)
    {
        if (args.Length == 0)
        {
            Console.Error.WriteLine("make-model FOLDER [blocks hidden heads kvHeads neurons vocabulary]");
            return 2;
        }

        int[] sizes = [.. args.Skip(1).Select(text => int.Parse(text, CultureInfo.InvariantCulture))];
        var shape = sizes.Length == 6 ? (sizes[0], sizes[1], sizes[2], sizes[3], sizes[4], sizes[5]) : Standard;
        Console.WriteLine($"{Write(args[0], shape):N0} bytes of weights in {args[0]}");
        return 0;
    }

    /// <summary>Writes the model and a copy of the sample's tokenizer, whose ids all lie in the vocabulary.</summary>
    /// <returns>Bytes of the weights.</returns>
    public static long Write(string folder, (int Blocks, int Hidden, int Heads, int KeyValueHeads, int Neurons, int Vocabulary) shape)
    {
        Directory.CreateDirectory(folder);
        var block = new BlockShape(shape.Heads, shape.KeyValueHeads, shape.Neurons);
        int headDim = shape.Hidden / shape.Heads;
        var tensors = new List<PlannedTensor>
        {
            new(TensorNames.Embedding, ElementType.BF16, shape.Vocabulary, shape.Hidden),
            new(TensorNames.FinalNorm, ElementType.BF16, shape.Hidden),
            new(TensorNames.OutputHead, ElementType.BF16, shape.Vocabulary, shape.Hidden),
        };
        long Extent(UnitAxis axis) => axis switch
        {
            UnitAxis.Heads => block.Heads * headDim,
            UnitAxis.KeyValueHeads => block.KeyValueHeads * headDim,
            UnitAxis.Neurons => block.Neurons,
            _ => shape.Hidden,
        };
        for (int i = 0; i < shape.Blocks; i++)
        {
            foreach (BlockTensor tensor in BlockTensor.Of(default, block))
            {
                long[] dimensions = tensor.Columns is { } columns ? [Extent(tensor.Rows), Extent(columns)] : [Extent(tensor.Rows)];
                tensors.Add(new PlannedTensor(tensor.NameIn(i), ElementType.BF16, dimensions));
            }
        }

        var writer = new CheckpointWriter(tensors);
        writer.Write(folder, Fill);
        AtomicFile.WriteAllText(Path.Combine(folder, "config.json"), $$"""
            {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": {{shape.Hidden}}, "intermediate_size": {{shape.Neurons}},
             "num_hidden_layers": {{shape.Blocks}}, "num_attention_heads": {{shape.Heads}}, "num_key_value_heads": {{shape.KeyValueHeads}},
             "vocab_size": {{shape.Vocabulary}}, "max_position_embeddings": 2048, "rms_norm_eps": 1e-5, "tie_word_embeddings": false,
             "bos_token_id": 0, "eos_token_id": 1}
            """);
        string tokenizer = Path.Combine("samples", "novels-4m", "tokenizer.json");
        if (File.Exists(tokenizer))
        {
            File.Copy(tokenizer, Path.Combine(folder, "tokenizer.json"), overwrite: true);
        }

        return writer.ByteLength;
    }

    /// <summary>Norms are 1, matrices normal with the usual standard deviation 0.02, the same for every tensor of a shape.</summary>
    private static void Fill(PlannedTensor tensor, Stream stream)
    {
        var random = new SeededRandom(tensor.ByteLength);
        byte[] chunk = new byte[2 * ChunkElements];
        for (int i = 0; i < ChunkElements; i++)
        {
            float value = tensor.Shape.Count == 1 ? 1 : (float)(0.02 * random.NextNormal());
            BinaryPrimitives.WriteUInt16LittleEndian(chunk.AsSpan(2 * i), (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16));
        }

        for (long left = tensor.ByteLength; left > 0; left -= chunk.Length)
        {
            stream.Write(chunk, 0, (int)Math.Min(left, chunk.Length));
        }
    }
}
