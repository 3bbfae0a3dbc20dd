using Niwaki.Kernels;

namespace Niwaki.Models;

/// <summary>Everything about a model that decides its forward pass, free of the file it came from.</summary>
public sealed record ModelConfig
{
    /// <summary>Family of the model.</summary>
    public required Architecture Architecture { get; init; }

    /// <summary>Optional tensors of its blocks.</summary>
    public required BlockFeatures Features { get; init; }

    /// <summary>Width of the residual stream.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>Token ids run from 0 to this, exclusive.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>Channels of a head, the same in every block.</summary>
    public required int HeadDim { get; init; }

    /// <summary>Added to the mean square inside every RMS norm.</summary>
    public required float NormEpsilon { get; init; }

    /// <summary>Rotary embedding.</summary>
    public required RopeOptions Rope { get; init; }

    /// <summary>Whether the output head is the embedding table.</summary>
    public required bool TiedEmbeddings { get; init; }

    /// <summary>Tokens that the model was trained to see at once.</summary>
    public required int ContextLength { get; init; }

    /// <summary>Sizes of every block.</summary>
    public required IReadOnlyList<BlockShape> Blocks { get; init; }

    /// <summary>For every block the number of latest positions that a query sees, or null for all.</summary>
    public required IReadOnlyList<int?> SlidingWindows { get; init; }

    /// <summary>Id of the token that begins a text, if the config names one.</summary>
    public int? BeginOfText { get; init; }

    /// <summary>Ids of the tokens that end a text; may be empty.</summary>
    public IReadOnlyList<int> EndOfText { get; init; } = [];

    /// <summary>Rows or columns along an axis in a block.</summary>
    /// <param name="axis">What the rows or columns stand for.</param>
    /// <param name="shape">Sizes of the block.</param>
    public int Extent(UnitAxis axis, BlockShape shape) => axis switch
    {
        UnitAxis.Hidden => HiddenSize,
        UnitAxis.HeadDim => HeadDim,
        UnitAxis.Heads => shape.Heads * HeadDim,
        UnitAxis.KeyValueHeads => shape.KeyValueHeads * HeadDim,
        UnitAxis.Neurons => shape.Neurons,
        _ => throw new ArgumentOutOfRangeException(nameof(axis), axis, "Unknown axis."),
    };

    /// <summary>Elements of one tensor of a block.</summary>
    /// <param name="tensor">The tensor.</param>
    /// <param name="shape">Sizes of the block.</param>
    public long ElementCount(BlockTensor tensor, BlockShape shape)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        return (long)Extent(tensor.Rows, shape) * (tensor.Columns is { } columns ? Extent(columns, shape) : 1);
    }

    /// <summary>The config of what stays of a model.</summary>
    /// <param name="selection">What stays.</param>
    public ModelConfig Select(ModelSelection selection)
    {
        ArgumentNullException.ThrowIfNull(selection);
        IReadOnlyList<int> kept = selection.KeptBlocks;
        return this with
        {
            Blocks = [.. kept.Select(i => selection.Blocks[i].Shape)],
            SlidingWindows = [.. kept.Select(i => SlidingWindows[i])],
        };
    }
}
