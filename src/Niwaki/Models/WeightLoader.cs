using Niwaki.Formats.HuggingFace;
using Niwaki.Formats.Safetensors;
using Niwaki.Kernels;
using Niwaki.Tensors;

namespace Niwaki.Models;

/// <summary>Packs the tensors of a checkpoint for the kernels, leaving out what a selection removes.</summary>
internal sealed class WeightLoader(Checkpoint checkpoint, ModelConfig source, ModelSelection? selection, ThreadTeam team, PackedFormat format, OutputBiases? biases = null)
{
    private readonly ModelSelection _selection = selection ?? ModelSelection.All(source);

    /// <summary>Source indices of the blocks that stay; without a selection all, those without any sub-layer too.</summary>
    private readonly IReadOnlyList<int> _blocks = selection?.KeptBlocks ?? [.. Enumerable.Range(0, source.Blocks.Count)];

    /// <summary>Packs a block, given by its index among those that stay.</summary>
    public BlockWeights LoadBlock(int index)
    {
        int block = _blocks[index];
        BlockSelection kept = _selection.Blocks[block];
        var weights = new BlockWeights(kept.Shape);
        try
        {
            weights.Attention = kept.Shape.HasAttention ? LoadAttention(block, kept) : null;
            weights.Mlp = kept.Shape.HasMlp ? LoadMlp(block, kept) : null;
            return weights;
        }
        catch
        {
            weights.Dispose();
            throw;
        }
    }

    /// <summary>Packs some rows of the output head.</summary>
    public PackedWeights LoadHead(int firstRow, int rows)
    {
        // A tied head shares the embedding table, which may have been decoded and then stays in memory anyway.
        if (source.TiedEmbeddings)
        {
            return PackedWeights.Pack(team, [new WeightSlice(EmbeddingMatrix().SliceRows(firstRow, rows))], format);
        }

        using BorrowedWeights head = checkpoint.BorrowStored(TensorNames.OutputHead, source.VocabularySize, source.HiddenSize, firstRow, rows);
        return PackedWeights.Pack(team, [new WeightSlice(head.View)], format);
    }

    public float[] LoadFinalNorm() => ReadVector(TensorNames.FinalNorm, source.HiddenSize);

    public WeightView EmbeddingMatrix() => checkpoint.StoredMatrix(TensorNames.Embedding, source.VocabularySize, source.HiddenSize);

    /// <summary>Bytes that a block takes when it is packed in its stored width.</summary>
    public long BlockBytes(int index)
    {
        int block = _blocks[index];
        BlockSelection kept = _selection.Blocks[block];
        return BlockTensor.Of(source.Features, kept.Shape).Where(tensor => tensor.IsMatrix).Sum(tensor => PackedBytes(tensor, block, kept));
    }

    public long HeadBytes()
    {
        string name = source.TiedEmbeddings ? TensorNames.Embedding : TensorNames.OutputHead;
        return source.VocabularySize * checkpoint.StoredType(name, source.VocabularySize, source.HiddenSize).RowBytes(source.HiddenSize);
    }

    private AttentionWeights LoadAttention(int block, BlockSelection kept)
    {
        PackedWeights queryKeyValue = Pack(block, kept, BlockTensorRole.Query, BlockTensorRole.Key, BlockTensorRole.Value);
        try
        {
            return new AttentionWeights
            {
                Norm = Vector(block, kept, BlockTensorRole.AttentionNorm),
                QueryKeyValue = queryKeyValue,
                QueryKeyValueBias = Vector(block, kept, BlockTensorRole.QueryBias, BlockTensorRole.KeyBias, BlockTensorRole.ValueBias),
                QueryNorm = Vector(block, kept, BlockTensorRole.QueryNorm),
                KeyNorm = Vector(block, kept, BlockTensorRole.KeyNorm),
                OutputBias = WithBias(block, SubLayer.Attention, Vector(block, kept, BlockTensorRole.OutputBias)),
                Output = Pack(block, kept, BlockTensorRole.Output),
            };
        }
        catch
        {
            queryKeyValue.Dispose();
            throw;
        }
    }

    private MlpWeights LoadMlp(int block, BlockSelection kept)
    {
        PackedWeights gateUp = Pack(block, kept, BlockTensorRole.Gate, BlockTensorRole.Up);
        try
        {
            return new MlpWeights
            {
                Norm = Vector(block, kept, BlockTensorRole.MlpNorm),
                GateUp = gateUp,
                GateUpBias = Vector(block, kept, BlockTensorRole.GateBias, BlockTensorRole.UpBias),
                DownBias = WithBias(block, SubLayer.Mlp, Vector(block, kept, BlockTensorRole.DownBias)),
                Down = Pack(block, kept, BlockTensorRole.Down),
            };
        }
        catch
        {
            gateUp.Dispose();
            throw;
        }
    }

    private PackedWeights Pack(int block, BlockSelection kept, params ReadOnlySpan<BlockTensorRole> roles)
    {
        BlockShape shape = source.Blocks[block];
        var slices = new WeightSlice[roles.Length];
        var borrowed = new List<BorrowedWeights>(roles.Length);
        try
        {
            for (int i = 0; i < slices.Length; i++)
            {
                BlockTensor tensor = BlockTensor.Of(roles[i]);
                (int rows, int columns) = (source.Extent(tensor.Rows, shape), source.Extent(tensor.Columns!.Value, shape));
                borrowed.Add(checkpoint.BorrowStored(tensor.NameIn(block), rows, columns, 0, rows));
                slices[i] = Slice(borrowed[i].View, tensor, kept);
            }

            return PackedWeights.Pack(team, slices, format);
        }
        finally
        {
            borrowed.ForEach(weights => weights.Dispose());
        }
    }

    /// <summary>A list of everything is no list: packing without one is faster.</summary>
    private static int[]? Reduce(int[]? channels, int extent) => channels?.Length == extent ? null : channels;

    private WeightSlice Slice(WeightView whole, BlockTensor tensor, BlockSelection kept) => new(
        whole,
        Reduce(kept.Channels(tensor.Rows, source.HeadDim), whole.Rows),
        Reduce(kept.Channels(tensor.Columns!.Value, source.HeadDim), whole.Columns));

    private unsafe long PackedBytes(BlockTensor tensor, int block, BlockSelection kept)
    {
        BlockShape shape = source.Blocks[block];
        (int rows, int columns) = (source.Extent(tensor.Rows, shape), source.Extent(tensor.Columns!.Value, shape));
        WeightSlice slice = Slice(new WeightView(null, checkpoint.StoredType(tensor.NameIn(block), rows, columns), rows, columns), tensor, kept);
        return slice.Outputs * slice.PackedType.RowBytes(slice.Inputs);
    }

    /// <summary>The vectors of some roles one after another, widened to float32; empty where the architecture has none of them.</summary>
    private float[] Vector(int block, BlockSelection kept, params ReadOnlySpan<BlockTensorRole> roles)
    {
        var all = new List<float>();
        foreach (BlockTensorRole role in roles)
        {
            BlockTensor tensor = BlockTensor.Of(role);
            if (!source.Features.Has(role))
            {
                continue;
            }

            float[] values = ReadVector(tensor.NameIn(block), source.Extent(tensor.Rows, source.Blocks[block]));
            int[]? channels = kept.Channels(tensor.Rows, source.HeadDim);
            all.AddRange(channels is null ? values : channels.Select(channel => values[channel]));
        }

        return [.. all];
    }

    /// <summary>The bias of a sub-layer with what is added to it; float32 sums, as surgery writes them.</summary>
    private float[] WithBias(int block, SubLayer subLayer, float[] stored) => biases?.Find(block, subLayer) switch
    {
        null => stored,
        { } added when stored.Length == 0 => added,
        { } added => [.. stored.Zip(added, (a, b) => a + b)],
    };

    private float[] ReadVector(string name, int length)
    {
        float[] values = new float[length];
        using BorrowedWeights vector = checkpoint.Borrow(name, length);
        WeightValues.Widen(vector.View, 0, values);
        return values;
    }
}
