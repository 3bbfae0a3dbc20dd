using Niwaki.Models;
using Niwaki.Pruning.Decisions;
using Niwaki.Runs;

namespace Niwaki.Pruning.Methods;

/// <summary>Bonsai: sub-models drawn around a prior, judged by their perplexity, and a regression that tells which units they missed least.</summary>
/// <remarks>
/// Each round, on what is left of the model: a prior from one sweep; the units with the lowest prior of every sub-layer form its pool; sub-models
/// without some of the pool are evaluated; a regression from "which units were present" to their utility ranks the pool; the lowest go.
/// Source: arXiv 2402.05406 and its published code, whose samplers, pools, regression and stop rule are all there; the ridge is the paper's.
/// </remarks>
public sealed class BonsaiMethod : IPruningMethod
{
    /// <inheritdoc />
    public PruningMethod Method => PruningMethod.Bonsai;

    /// <inheritdoc />
    public ModelSelection Decide(PruningContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        using var rounds = new BonsaiRounds(context);
        return rounds.Run();
    }
}
