namespace Niwaki.Runs;

/// <summary>How the units to remove are chosen.</summary>
public enum PruningMethod
{
    /// <summary>Width, by sub-models drawn around a prior and a regression on their losses (Bonsai, arXiv 2402.05406).</summary>
    Bonsai,

    /// <summary>Whole blocks, by the loss without each of them (Shortened LLaMA, arXiv 2402.02834).</summary>
    Depth,

    /// <summary>First blocks or sub-layers, then width, with the split that a measurement favours.</summary>
    DepthWidth,

    /// <summary>Width, at random: the baseline that a method has to beat.</summary>
    Random,

    /// <summary>Width, by the size of the weights: the baseline that needs no text.</summary>
    Magnitude,

    /// <summary>Width, by the measured effect of groups of units per parameter.</summary>
    Niwaki,
}
