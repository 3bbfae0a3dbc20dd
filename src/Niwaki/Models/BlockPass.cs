namespace Niwaki.Models;

/// <summary>What accompanies a residual stream through the blocks.</summary>
/// <param name="Gates">Gates of every window, or null where all are open.</param>
/// <param name="Tap">Receiver of activations, or null.</param>
/// <param name="Caches">Keys and values of earlier tokens of every window, or null where windows begin here.</param>
internal readonly record struct BlockPass(IReadOnlyList<ModelGates?>? Gates, ActivationTap? Tap, IReadOnlyList<KeyValueCache>? Caches = null);
