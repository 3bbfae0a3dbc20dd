using Niwaki.Formats.Gguf;
using Niwaki.Kernels;
using Niwaki.Models;

namespace Niwaki.Export.Gguf;

/// <summary>Lists the tensors that an architecture of llama.cpp asks for, exactly these: it refuses more and fewer.</summary>
/// <remarks>
/// Where an architecture cannot do without a sub-layer that a block lacks, one of zeros is written: a query and a key/value head whose output
/// projection is zero, or <see cref="MadeUpNeurons"/> neurons whose weights are zero.
/// </remarks>
internal sealed class GgufTensorPlan
{
    /// <summary>Two blocks of the encodings, so that these can be used.</summary>
    public const int MadeUpNeurons = 64;

    /// <summary>
    /// llama.cpp v0.5.0 multiplies matrices whose rows are a single block wrongly on processors with AMX, for 32 tokens and more: such rows
    /// are not stored in blocks.
    /// </summary>
    private const int FewestBlocks = 2;

    private readonly ModelConfig _config;
    private readonly GgufContainer _container;
    private readonly GgufTensorType _type;
    private readonly List<GgufTensorJob> _jobs = [];

    private GgufTensorPlan(ModelConfig config, GgufContainer container, GgufTensorType type)
    {
        _config = config;
        _container = container;
        _type = type;
    }

    /// <summary>The tensors in the order of the file.</summary>
    /// <param name="config">Config of the model.</param>
    /// <param name="container">What it is written as.</param>
    /// <param name="type">Encoding of matrices; those whose rows are no whole blocks of it, or a single one, become F16.</param>
    public static IReadOnlyList<GgufTensorJob> Of(ModelConfig config, GgufContainer container, GgufTensorType type)
    {
        var plan = new GgufTensorPlan(config, container, type);
        plan.AddAll();
        return plan._jobs;
    }

    /// <summary>Sizes as the file has them: blocks without a sub-layer are left out, made-up sub-layers count.</summary>
    public static IReadOnlyList<(int Source, BlockShape Shape)> Blocks(ModelConfig config, GgufContainer container)
    {
        var blocks = new List<(int Source, BlockShape Shape)>();
        for (int i = 0; i < config.Blocks.Count; i++)
        {
            BlockShape shape = config.Blocks[i];
            if (!shape.HasAttention && !shape.HasMlp)
            {
                continue;
            }

            // The first block's heads give llama.cpp the sizes of all; a block with attention and no MLP loses its attention there.
            bool needsAttention = container.NeedsEverySubLayer || blocks.Count == 0;
            blocks.Add((i, new BlockShape(
                shape.HasAttention || !needsAttention ? shape.Heads : 1,
                shape.HasAttention || !needsAttention ? shape.KeyValueHeads : 1,
                shape.HasMlp ? shape.Neurons : MadeUpNeurons)));
        }

        return blocks;
    }

    private void AddAll()
    {
        Add(GgufTensorNames.Embedding, Head(_config.TiedEmbeddings), new GgufTensorPart(TensorNames.Embedding, _config.VocabularySize, _config.HiddenSize));
        Add(GgufTensorNames.FinalNorm, GgufTensorType.F32, new GgufTensorPart(TensorNames.FinalNorm, 1, _config.HiddenSize, true));
        if (!_config.TiedEmbeddings)
        {
            Add(GgufTensorNames.OutputHead, Head(true), new GgufTensorPart(TensorNames.OutputHead, _config.VocabularySize, _config.HiddenSize));
        }

        if (_config.Rope.Scaling is Llama3RopeScaling scaling)
        {
            float[] factors = RopeFactors(_config.Rope.Theta, _config.HeadDim, scaling);
            _jobs.Add(new GgufTensorJob(new GgufPlannedTensor(GgufTensorNames.RopeFactors, GgufTensorType.F32, factors.Length), [], factors));
        }

        foreach ((int index, (int block, BlockShape shape)) in Blocks(_config, _container).Index())
        {
            AddBlock(index, block, shape);
        }
    }

    private void AddBlock(int index, int block, BlockShape shape)
    {
        BlockShape stored = _config.Blocks[block];
        foreach (BlockTensor tensor in BlockTensor.Of(_config.Features, shape))
        {
            if (_container.FusesQueryKeyValue && tensor.Role is BlockTensorRole.Query or BlockTensorRole.Key or BlockTensorRole.Value)
            {
                if (tensor.Role == BlockTensorRole.Query)
                {
                    BlockTensorRole[] roles = [BlockTensorRole.Query, BlockTensorRole.Key, BlockTensorRole.Value];
                    Add(
                        GgufTensorNames.OfBlock(index, GgufTensorNames.FusedQueryKeyValue),
                        _type,
                        [.. roles.Select(role => Part(BlockTensor.Of(role), block, shape, stored))]);
                }

                continue;
            }

            Add(
                GgufTensorNames.InBlock(index, tensor.Suffix),
                tensor.IsMatrix ? _type : GgufTensorType.F32,
                Part(tensor, block, shape, stored));
        }
    }

    private GgufTensorPart Part(BlockTensor tensor, int block, BlockShape shape, BlockShape stored)
    {
        int rows = _config.Extent(tensor.Rows, shape);
        int? columns = tensor.Columns is { } axis ? _config.Extent(axis, shape) : null;
        bool isRotated = tensor.Role is BlockTensorRole.Query or BlockTensorRole.Key or BlockTensorRole.QueryBias or BlockTensorRole.KeyBias;
        int headDim = isRotated && _container.RotatesAdjacentPairs ? _config.HeadDim : 0;
        string? name = stored.Has(tensor.SubLayer) ? tensor.NameIn(block) : null;
        return columns is { } width ? new GgufTensorPart(name, rows, width, false, headDim) : new GgufTensorPart(name, 1, rows, true, headDim);
    }

    private void Add(string name, GgufTensorType type, params GgufTensorPart[] parts)
    {
        int columns = parts[0].Columns;
        GgufTensorType stored = FitsBlocks(type, columns) ? type : GgufTensorType.F16;
        long[] shape = parts[0].IsVector ? [columns] : [parts.Sum(part => (long)part.Rows), columns];
        _jobs.Add(new GgufTensorJob(new GgufPlannedTensor(name, stored, shape), parts));
    }

    private static bool FitsBlocks(GgufTensorType type, int columns) =>
        type.IsPlain() || (columns % type.BlockElements() == 0 && columns >= FewestBlocks * type.BlockElements());

    /// <summary>The matrix that gives the logits keeps 8 bits where the others get fewer, as llama-quantize does with 6 or more.</summary>
    private GgufTensorType Head(bool givesLogits) => givesLogits && !_type.IsPlain() ? GgufTensorType.Q8_0 : _type;

    /// <summary>What llama.cpp divides the frequencies θ^(−2i/d) by: the frequency without scaling over that with it.</summary>
    private static float[] RopeFactors(double theta, int headDim, RopeScaling scaling)
    {
        double[] plain = [.. Enumerable.Range(0, headDim / 2).Select(i => Math.Pow(theta, -2.0 * i / headDim))];
        double[] scaled = [.. plain];
        scaling.Scale(scaled, theta);
        return [.. plain.Zip(scaled, (a, b) => (float)(a / b))];
    }
}
