using System.Diagnostics;
using Niwaki.Models;
using Niwaki.Plans;

namespace Niwaki.Pruning.Search;

/// <summary>Tries the removal of many blocks or sub-layers, each by itself, from a model that may lack some already.</summary>
/// <remarks>
/// A scan over all L blocks costs (L − 1)(L + 2) / 2 block passes instead of the L(L − 1) of one pass after another: what lies in front of the unit is
/// shared, see <see cref="BranchedPass"/>. Values are the same bits as those of single passes.
/// </remarks>
internal sealed class RemovalScan(Transformer model, IReadOnlyList<int[]> windows, IRemovalObjective objective)
{
    private readonly (int First, int Count)[] _sets = [.. ForwardPass.Cut(model, windows)];

    /// <summary>Tries candidates, group by group.</summary>
    /// <param name="removed">Units that the model lacks in any case.</param>
    /// <param name="candidates">Units of other places; blocks must not descend.</param>
    /// <param name="cancellationToken">Ends the scan between two groups.</param>
    /// <returns>One outcome for every candidate, in their order, as soon as its group is done.</returns>
    /// <exception cref="OperationCanceledException">The scan was ended.</exception>
    public IEnumerable<RemovalOutcome> Try(
        IReadOnlyCollection<Unit> removed, IReadOnlyList<Unit> candidates, CancellationToken cancellationToken = default)
    {
        long scored = windows.Sum(window => (long)objective.ScoredTokens(window));
        int branches = Branches(candidates.Count);
        BranchedPass? kept = null;
        try
        {
            foreach (Unit[] group in candidates.Chunk(branches))
            {
                cancellationToken.ThrowIfCancellationRequested();
                long start = Stopwatch.GetTimestamp();
                double[] sums = new double[group.Length];
                for (int set = 0; set < _sets.Length; set++)
                {
                    // With several sets the trunk starts anew for every group: only one stream is held at a time.
                    BranchedPass pass = kept ?? Begin(set, removed, branches);
                    kept = pass;
                    Add(pass, set, group, sums);
                    if (_sets.Length > 1)
                    {
                        pass.Dispose();
                        kept = null;
                    }
                }

                double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds / group.Length;
                for (int i = 0; i < group.Length; i++)
                {
                    yield return new RemovalOutcome(group[i], sums[i] / scored, seconds);
                }
            }
        }
        finally
        {
            kept?.Dispose();
        }
    }

    /// <summary>As many branches as the memory for the residual stream holds, one at least.</summary>
    private int Branches(int candidates)
    {
        long largest = _sets.Max(set => ResidualStream.BytesFor(Windows(set).Sum(window => (long)window.Length), model.Config.HiddenSize));
        return (int)Math.Clamp((model.Memory.StreamBytes / largest) - 1, 1, Math.Max(1, candidates));
    }

    private BranchedPass Begin(int set, IReadOnlyCollection<Unit> removed, int branches) =>
        new(model, [.. Windows(_sets[set])], removed, branches);

    private void Add(BranchedPass pass, int set, Unit[] group, double[] sums)
    {
        using ResidualStream stream = pass.Run(group); // a part of the pass
        double[] windowSums = objective.Sums(stream, set);
        int count = _sets[set].Count;
        for (int i = 0; i < group.Length; i++)
        {
            for (int window = 0; window < count; window++)
            {
                sums[i] += windowSums[(i * count) + window];
            }
        }
    }

    private IEnumerable<int[]> Windows((int First, int Count) set) => windows.Skip(set.First).Take(set.Count);
}
