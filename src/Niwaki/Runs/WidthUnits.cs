namespace Niwaki.Runs;

/// <summary>Which units a width method may remove.</summary>
public enum WidthUnits
{
    /// <summary>KV groups and neurons.</summary>
    All,

    /// <summary>KV groups: every MLP stays whole.</summary>
    Groups,

    /// <summary>Neurons: every attention stays whole.</summary>
    Neurons,
}
