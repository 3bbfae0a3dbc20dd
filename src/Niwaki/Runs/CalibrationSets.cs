namespace Niwaki.Runs;

/// <summary>Which calibration windows a round of Bonsai reads.</summary>
public enum CalibrationSets
{
    /// <summary>The same in every round, as the published code does.</summary>
    Fixed,

    /// <summary>Drawn anew for every round; windows of two rounds may overlap.</summary>
    Round,

    /// <summary>Drawn for every round so that no two windows share a token.</summary>
    Disjoint,
}
