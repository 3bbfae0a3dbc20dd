namespace Niwaki.Runs;

/// <summary>What makes a block or sub-layer dispensable; the lowest value goes first.</summary>
public enum DepthCriterion
{
    /// <summary>The loss on the calibration text without it; the same order as by perplexity (Shortened LLaMA, arXiv 2402.02834).</summary>
    Loss,

    /// <summary>The divergence KL(dense‖model without it) on the calibration text.</summary>
    Kl,

    /// <summary>The sum of |w|^p over its matrices and norms (Shortened LLaMA); needs no text.</summary>
    Magnitude,

    /// <summary>Block Influence: 1 − the mean cosine between the residual stream in front of it and behind it (ShortGPT, arXiv 2403.03853).</summary>
    Influence,

    /// <summary>The sum of |w · ∂loss/∂w| over its matrices and norms (Shortened LLaMA); needs gradients.</summary>
    Taylor,

    /// <summary>Its distance from the end: the last goes first. A baseline.</summary>
    Last,

    /// <summary>Chance. A baseline.</summary>
    Random,
}
