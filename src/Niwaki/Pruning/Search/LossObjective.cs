using Niwaki.Models;

namespace Niwaki.Pruning.Search;

/// <summary>The loss on the text: −ln of the probability of each token that has one before it. Its exp is the perplexity, in the same order.</summary>
internal sealed class LossObjective(Transformer model) : IRemovalObjective
{
    /// <inheritdoc />
    public string Name => "loss";

    /// <inheritdoc />
    public double[] Sums(ResidualStream stream, int set) => [.. model.Losses(stream).Select(window => window.Sum(loss => (double)loss))];

    /// <inheritdoc />
    public int ScoredTokens(int[] window) => Math.Max(0, window.Length - 1);

    /// <inheritdoc />
    public void Dispose()
    {
    }
}
