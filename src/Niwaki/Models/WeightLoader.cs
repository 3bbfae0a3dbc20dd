using Niwaki.Formats.HuggingFace;
using Niwaki.Formats.Safetensors;
using Niwaki.Kernels;
using Niwaki.Tensors;

namespace Niwaki.Models;

/// <summary>Packs the tensors of a checkpoint for the kernels, leaving out what a selection removes.</summary>
internal sealed class WeightLoader(Checkpoint checkpoint, ModelConfig source, ModelSelection? selection, ThreadTeam team, PackedFormat format, OutputBiases? biases = null)
{
    private static readonly BlockTensorRole[] QueryKeyValue = [BlockTensorRole.Query, BlockTensorRole.Key, BlockTensorRole.Value];
    private static readonly BlockTensorRole[] Output = [BlockTensorRole.Output];
    private static readonly BlockTensorRole[] GateUp = [BlockTensorRole.Gate, BlockTensorRole.Up];
    private static readonly BlockTensorRole[] Down = [BlockTensorRole.Down];

    private readonly ModelSelection _selection = selection ?? ModelSelection.All(source);

    /// <summary>Source indices of the blocks that stay; without a selection all, those without any sub-layer too.</summary>
    private readonly IReadOnlyList<int> _blocks = selection?.KeptBlocks ?? [.. Enumerable.Range(0, source.Blocks.Count)];

    /// <summary>Packs a block, given by its index among those that stay.</summary>
    /// <param name="index">The block.</param>
    /// <param name="memory">Where the packed weights go, or null: memory of their own.</param>
    public BlockWeights LoadBlock(int index, PackedMemory? memory = null)
    {
        int block = _blocks[index];
        BlockSelection kept = _selection.Blocks[block];
        var weights = new BlockWeights(kept.Shape);
        try
        {
            weights.Attention = kept.Shape.HasAttention ? LoadAttention(block, kept, memory) : null;
            weights.Mlp = kept.Shape.HasMlp ? LoadMlp(block, kept, memory) : null;
            return weights;
        }
        catch
        {
            weights.Dispose();
            throw;
        }
    }

    /// <summary>Packs some rows of the output head.</summary>
    public PackedWeights LoadHead(int firstRow, int rows, PackedMemory? memory = null)
    {
        // A tied head shares the embedding table, which may have been decoded and then stays in memory anyway.
        if (source.TiedEmbeddings)
        {
            return PackedWeights.Pack(team, [new WeightSlice(EmbeddingMatrix().SliceRows(firstRow, rows))], format, memory);
        }

        using BorrowedWeights head = checkpoint.BorrowStored(TensorNames.OutputHead, source.VocabularySize, source.HiddenSize, firstRow, rows);
        return PackedWeights.Pack(team, [new WeightSlice(head.View)], format, memory);
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

    public long HeadBytes() => source.VocabularySize * HeadType.RowBytes(source.HiddenSize);

    /// <summary>Bytes that the first blocks take in shared memory, with the panels that they fill, and the output head where it is among them.</summary>
    public long SharedBytes(int blocks, bool head)
    {
        long bytes = 0;
        for (int index = 0; index < blocks; index++)
        {
            BlockSelection kept = _selection.Blocks[_blocks[index]];
            bytes += kept.Shape.HasAttention ? SharedBytes(_blocks[index], kept, QueryKeyValue) + SharedBytes(_blocks[index], kept, Output) : 0;
            bytes += kept.Shape.HasMlp ? SharedBytes(_blocks[index], kept, GateUp) + SharedBytes(_blocks[index], kept, Down) : 0;
        }

        return head ? bytes + PackedMemory.BytesFor(source.VocabularySize, source.HiddenSize, HeadType, format) : bytes;
    }

    private ElementType HeadType =>
        checkpoint.StoredType(source.TiedEmbeddings ? TensorNames.Embedding : TensorNames.OutputHead, source.VocabularySize, source.HiddenSize);

    private AttentionWeights LoadAttention(int block, BlockSelection kept, PackedMemory? memory)
    {
        PackedWeights queryKeyValue = Pack(block, kept, memory, QueryKeyValue);
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
                Output = Pack(block, kept, memory, Output),
            };
        }
        catch
        {
            queryKeyValue.Dispose();
            throw;
        }
    }

    private MlpWeights LoadMlp(int block, BlockSelection kept, PackedMemory? memory)
    {
        PackedWeights gateUp = Pack(block, kept, memory, GateUp);
        try
        {
            return new MlpWeights
            {
                Norm = Vector(block, kept, BlockTensorRole.MlpNorm),
                GateUp = gateUp,
                GateUpBias = Vector(block, kept, BlockTensorRole.GateBias, BlockTensorRole.UpBias),
                DownBias = WithBias(block, SubLayer.Mlp, Vector(block, kept, BlockTensorRole.DownBias)),
                Down = Pack(block, kept, memory, Down),
            };
        }
        catch
        {
            gateUp.Dispose();
            throw;
        }
    }

    private PackedWeights Pack(int block, BlockSelection kept, PackedMemory? memory, BlockTensorRole[] roles)
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

            return PackedWeights.Pack(team, slices, format, memory);
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

    private long PackedBytes(BlockTensor tensor, int block, BlockSelection kept)
    {
        WeightSlice slice = Shape(tensor, block, kept);
        return slice.Outputs * slice.PackedType.RowBytes(slice.Inputs);
    }

    private long SharedBytes(int block, BlockSelection kept, BlockTensorRole[] roles)
    {
        WeightSlice[] slices = [.. roles.Select(role => Shape(BlockTensor.Of(role), block, kept))];
        return PackedMemory.BytesFor(slices.Sum(slice => slice.Outputs), slices[0].Inputs, WeightSlice.CommonType(slices), format);
    }

    /// <summary>What is taken of a matrix, without its memory.</summary>
    private unsafe WeightSlice Shape(BlockTensor tensor, int block, BlockSelection kept)
    {
        BlockShape shape = source.Blocks[block];
        (int rows, int columns) = (source.Extent(tensor.Rows, shape), source.Extent(tensor.Columns!.Value, shape));
        return Slice(new WeightView(null, checkpoint.StoredType(tensor.NameIn(block), rows, columns), rows, columns), tensor, kept);
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
