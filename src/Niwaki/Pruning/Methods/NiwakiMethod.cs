using Niwaki.Models;
using Niwaki.Pruning.Decisions;
using Niwaki.Runs;

namespace Niwaki.Pruning.Methods;

/// <summary>Width by measured groups: every group of units is switched off by itself, and the cheapest per parameter go, in rounds.</summary>
/// <remarks>
/// Bonsai's sub-models lack many units at once and the same number of every layer, so that a regression can tell neither units nor layers apart.
/// Here the effect of a group is a difference on the same tokens, whose noise is as small as the effect, shrunk to the prior of its sub-layer, and
/// divided by its parameters; so layers lose what they can spare.
/// </remarks>
public sealed class NiwakiMethod : IPruningMethod
{
    /// <inheritdoc />
    public PruningMethod Method => PruningMethod.Niwaki;

    /// <inheritdoc />
    public ModelSelection Decide(PruningContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return new NiwakiRounds(context).Run();
    }
}
