namespace Niwaki.Runs;

/// <summary>How Bonsai draws the units that a sub-model lacks.</summary>
public enum BonsaiSampler
{
    /// <summary>The same number from every sub-layer of a kind, as the published code does.</summary>
    Layer,

    /// <summary>From all pools at once, by the prior standardised inside each sub-layer, until the parameters of a round are reached.</summary>
    Global,
}
