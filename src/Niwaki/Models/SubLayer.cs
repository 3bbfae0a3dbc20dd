namespace Niwaki.Models;

/// <summary>The two halves of a transformer block, each adding its output to the residual stream.</summary>
public enum SubLayer
{
    /// <summary>Attention with the norm in front of it.</summary>
    Attention,

    /// <summary>The gated MLP with the norm in front of it.</summary>
    Mlp,
}
