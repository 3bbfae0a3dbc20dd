namespace Niwaki.Runs;

/// <summary>What a regression explains: how good a sub-model is. Larger is better.</summary>
public enum SubModelUtility
{
    /// <summary>−perplexity on the calibration windows, as published.</summary>
    Perplexity,

    /// <summary>−mean loss on the calibration windows.</summary>
    Loss,

    /// <summary>−mean KL divergence of the sub-model's next-token distribution from the dense model's.</summary>
    Divergence,
}
