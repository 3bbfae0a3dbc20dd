using Niwaki.Models;

namespace Niwaki.Healing;

/// <summary>What came of one sub-layer that was trained alone.</summary>
/// <param name="Block">Index of its block.</param>
/// <param name="Blocks">Blocks of the model.</param>
/// <param name="SubLayer">Which it is.</param>
/// <param name="ErrorBefore">Σ of squared differences of its output from what is wanted, over that of its input.</param>
/// <param name="ErrorAfter">The same afterwards; equal where training did not help and the old weights stay.</param>
public sealed record ReconstructedSubLayer(int Block, int Blocks, SubLayer SubLayer, double ErrorBefore, double ErrorAfter);
