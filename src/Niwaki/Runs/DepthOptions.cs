namespace Niwaki.Runs;

/// <summary>Parameters of <see cref="PruningMethod.Depth"/>: section <c>depth</c> of a recipe.</summary>
public sealed record DepthOptions
{
    /// <summary>What makes a block dispensable. Default <see cref="DepthCriterion.Loss"/>.</summary>
    public DepthCriterion Criterion { get; init; } = DepthCriterion.Loss;

    /// <summary>Whether the first four and the last two blocks stay whatever their score. Default false.</summary>
    public bool Plus { get; init; }

    /// <summary>Blocks to remove, 1 to 10,000; decides instead of the sparsity. Default none: the sparsity decides.</summary>
    public int? Blocks { get; init; }
}
