using Niwaki.Models;

namespace Niwaki.Pruning.Search;

/// <summary>What a model loses without some of its units: a sum over the tokens of calibration windows.</summary>
internal interface IRemovalObjective : IDisposable
{
    /// <summary>Name in the journal.</summary>
    public string Name { get; }

    /// <summary>Sums over the scored tokens of every window, in nats.</summary>
    /// <param name="stream">Windows behind the last block: those of one set, once for each sub-model; may be overwritten.</param>
    /// <param name="set">Index of the set.</param>
    /// <returns>One sum for every window of the stream.</returns>
    public double[] Sums(ResidualStream stream, int set);

    /// <summary>Scored tokens of a window.</summary>
    /// <param name="window">Token ids.</param>
    public int ScoredTokens(int[] window);
}
