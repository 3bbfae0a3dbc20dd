using Niwaki.Models;
using Niwaki.Pruning.Decisions;
using Niwaki.Pruning.Scores;
using Niwaki.Runs;

namespace Niwaki.Pruning.Methods;

/// <summary>Removes the KV groups and neurons with the smallest weights, the same share of every sub-layer: a baseline that needs no data.</summary>
public sealed class MagnitudeMethod : IPruningMethod
{
    /// <inheritdoc />
    public PruningMethod Method => PruningMethod.Magnitude;

    /// <inheritdoc />
    public ModelSelection Decide(PruningContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var magnitudes = WeightMagnitudes.Measure(context.Checkpoint, context.Config, context.Team);
        return UniformRemoval.Decide(context, units => magnitudes.UnitMeans(units.Block, units.SubLayer));
    }
}
