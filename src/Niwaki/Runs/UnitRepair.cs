namespace Niwaki.Runs;

/// <summary>What makes up for removed units.</summary>
public enum UnitRepair
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Their mean contribution on the calibration windows becomes a bias of the output projection.</summary>
    Bias,
}
