namespace Niwaki.Runs;

/// <summary>Parameters of <see cref="PruningMethod.Depth"/>: section <c>depth</c> of a recipe.</summary>
public sealed record DepthOptions
{
    /// <summary>What makes a unit dispensable. Default <see cref="DepthCriterion.Loss"/>.</summary>
    public DepthCriterion Criterion { get; init; } = DepthCriterion.Loss;

    /// <summary>How the set of units is found. Default <see cref="DepthSearch.OneShot"/>; the others need a criterion that judges whole models: loss or KL.</summary>
    public DepthSearch Search { get; init; } = DepthSearch.OneShot;

    /// <summary>What is removed. Default <see cref="DepthUnit.Block"/>.</summary>
    public DepthUnit Units { get; init; } = DepthUnit.Block;

    /// <summary>
    /// Whether the first four and the last two blocks stay whatever their score, the "+" of the paper. Default null: where the paper uses it, with
    /// <see cref="DepthCriterion.Magnitude"/> and <see cref="DepthCriterion.Taylor"/>.
    /// </summary>
    public bool? Plus { get; init; }

    /// <summary>Units to remove, 1 to 10,000; decides instead of the sparsity. Default none: the sparsity decides.</summary>
    public int? Blocks { get; init; }

    /// <summary>Power of the weights in <see cref="DepthCriterion.Magnitude"/>, 1 or 2. Default 1.</summary>
    public int MagnitudePower { get; init; } = 1;

    /// <summary>Whether a search goes on beyond the target until one unit is left, so that one run answers for every number. Default false.</summary>
    public bool FullPath { get; init; }

    /// <summary>
    /// Path of a file with the order in which units go, such as a published <c>block_order.csv</c>; nothing is judged then. Default: none.
    /// </summary>
    public string? Order { get; init; }

    /// <summary>Whether the "+" rule holds, the default resolved.</summary>
    public bool KeepsEnds => Plus ?? Criterion is DepthCriterion.Magnitude or DepthCriterion.Taylor;
}
