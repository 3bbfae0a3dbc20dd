namespace Niwaki.Runs;

/// <summary>Parameters of <see cref="PruningMethod.Niwaki"/>: section <c>niwaki</c> of a recipe.</summary>
public sealed record NiwakiOptions
{
    /// <summary>Rounds, each of which removes an equal share and begins with new priors, 1 to 1,000. Default 8.</summary>
    public int Rounds { get; init; } = 8;

    /// <summary>Fewest neurons that are switched off together, 1 to 65,536; doubled until <see cref="Passes"/> suffice. Default 1.</summary>
    public int Group { get; init; } = 1;

    /// <summary>
    /// Passes over the calibration text for each hundredth of sparsity, 0.1 to 10,000. Default 4, which is a tenth of what Bonsai takes as published. Where they do not
    /// suffice for large groups of neurons, fewer KV groups are tried, then on fewer windows.
    /// </summary>
    public double Passes { get; init; } = 4;

    /// <summary>Most calibration windows that a group is tried on, 2 to 1,048,576 and no more than there are. Default 8.</summary>
    public int WindowsPerGroup { get; init; } = 8;

    /// <summary>Neurons of an MLP that are tried, in multiples of the share that the round removes, 1 to 1,000. Default 4.</summary>
    public double Explorable { get; init; } = 4;

    /// <summary>Importance that forms the groups and that measurements are shrunk to. Default <see cref="ImportancePrior.Fluctuation"/>.</summary>
    public ImportancePrior Prior { get; init; } = ImportancePrior.Fluctuation;

    /// <summary>What makes up for removed units. Default <see cref="UnitRepair.None"/>.</summary>
    public UnitRepair Repair { get; init; } = UnitRepair.None;
}
