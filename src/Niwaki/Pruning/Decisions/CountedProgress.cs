namespace Niwaki.Pruning.Decisions;

/// <summary>Adds the tokens of a run to what its methods report.</summary>
/// <param name="target">Told in turn.</param>
/// <param name="tokens">Gives the tokens that went through the model so far.</param>
internal sealed class CountedProgress(IProgress<PruningProgress> target, Func<long> tokens) : IProgress<PruningProgress>
{
    /// <inheritdoc />
    public void Report(PruningProgress value) => target.Report(value with { Tokens = tokens() });
}
