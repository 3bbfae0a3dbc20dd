using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using Niwaki.Calibration;
using Niwaki.Models;
using Niwaki.Pruning.Decisions;
using Niwaki.Pruning.Scores;
using Niwaki.Runs;

namespace Niwaki.Pruning.Methods;

/// <summary>Passes the sub-models of a round through the model.</summary>
/// <remarks>
/// Sub-models on few tokens share a pass, by gates of their own for each window, so that the weights are read once for all of them. The numbers do not
/// depend on how many share it.
/// </remarks>
internal sealed class BonsaiEvaluations(PruningContext context, WidthRound round, BonsaiOptions options)
{
    /// <summary>Utility of a sub-model whose perplexity is not a number or beyond this, as in the published code.</summary>
    private const double WorstUtility = -1e8;

    /// <summary>Tokens over which a read of the weights is spread; more gain nothing, and make a run wait longer for its end.</summary>
    private const long TokensPerPass = 8192;

    private readonly Dictionary<int, EvaluationRecord> _passed = [];

    /// <summary>Evaluates every sub-model that the journal does not hold.</summary>
    /// <param name="draws">Where they come from.</param>
    /// <param name="dense">What the dense model says about the windows; null: the utility does not ask for it.</param>
    public BonsaiSample Run(BonsaiDraws draws, Func<DenseReference>? dense)
    {
        var masks = new List<bool[]>(options.MasksPerRound);
        var utilities = new List<double>(options.MasksPerRound);
        double before = context.Log.Seconds;
        bool[][] all = [.. draws.All(round.Random)];
        for (int mask = 0; mask < all.Length; mask++)
        {
            double found = context.Evaluate(KeyOf(mask, all[mask]), () => Evaluate(mask, all, draws, dense));
            masks.Add(all[mask]);
            utilities.Add(Utility(options.Utility, found));
            Report(masks.Count, found);
        }

        return new BonsaiSample(masks, utilities, options.Complement, context.Log.Seconds - before);
    }

    /// <summary>The prior of every unit, mean over the sub-models that had it, where no regression is fitted.</summary>
    /// <param name="draws">Where the sub-models come from.</param>
    /// <param name="pools">The pools.</param>
    /// <param name="prior">Prior of the sweep; stays for units that no sub-model changes.</param>
    /// <param name="magnitudes">Weights of the source.</param>
    public double[][] Averages(BonsaiDraws draws, IReadOnlyList<BonsaiPool> pools, double[][] prior, WeightMagnitudes magnitudes)
    {
        if (!UnitPriors.NeedsSweep(options.Prior))
        {
            return prior;
        }

        double[][] sums = [.. prior.Select(units => new double[units.Length])];
        int[][] counts = [.. prior.Select(units => new int[units.Length])];
        int done = 0;
        foreach (bool[] present in draws.All(round.Random))
        {
            context.CancellationToken.ThrowIfCancellationRequested();
            ModelGates gates = draws.Gates(present);
            ActivationStatistics statistics = ActivationStatistics.Collect(
                round.Model, round.Windows, [.. Enumerable.Repeat(gates, round.Windows.Count)], context.CancellationToken);
            double[][] found = UnitPriors.Compute(options.Prior, round.Config, statistics, round.Selection, magnitudes, round.SubLayers, round.Random);
            int first = 0;
            for (int s = 0; s < pools.Count; first += pools[s].Count, s++)
            {
                Add(pools[s].Present(present.AsSpan(first, pools[s].Count)), found[s], sums[s], counts[s]);
            }

            Report(++done, null);
        }

        return [.. prior.Select((units, s) => units.Select((value, i) => counts[s][i] > 0 ? sums[s][i] / counts[s][i] : value).ToArray())];
    }

    private static void Add(bool[] present, double[] found, double[] sums, int[] counts)
    {
        for (int i = 0; i < present.Length; i++)
        {
            sums[i] += present[i] ? found[i] : 0;
            counts[i] += present[i] ? 1 : 0;
        }
    }

    /// <summary>A utility from what was measured: a loss, or a divergence.</summary>
    internal static double Utility(SubModelUtility kind, double found)
    {
        double utility = kind == SubModelUtility.Perplexity ? -Math.Exp(found) : -found;
        return double.IsFinite(utility) ? Math.Max(utility, WorstUtility) : WorstUtility;
    }

    private string KeyOf(int mask, bool[] present) =>
        string.Create(CultureInfo.InvariantCulture, $"round {round.Number}, mask {mask}, {Digest(present)}");

    /// <summary>The outcome of a sub-model, which passes together with those that follow it.</summary>
    private EvaluationRecord Evaluate(int mask, bool[][] all, BonsaiDraws draws, Func<DenseReference>? dense)
    {
        if (!_passed.Remove(mask, out EvaluationRecord record))
        {
            int count = dense is null ? (int)Math.Clamp(TokensPerPass / round.Tokens, 1, all.Length - mask) : 1;
            long start = Stopwatch.GetTimestamp();
            ModelGates[] gates = [.. all.AsSpan(mask, count).ToArray().Select(draws.Gates)];
            double[] found = dense is null ? MeanLosses(gates) : [dense().MeanDivergence(round.Model, gates[0])];
            double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds / count;
            for (int i = 1; i < count; i++)
            {
                _passed[mask + i] = new EvaluationRecord(found[i], round.Tokens, seconds);
            }

            record = new EvaluationRecord(found[0], round.Tokens, seconds);
        }

        return record;
    }

    private double[] MeanLosses(ModelGates[] gates)
    {
        int[][] windows = [.. gates.SelectMany(_ => round.Windows)];
        float[][] losses = ForwardPass.Losses(round.Model, windows, [.. gates.SelectMany(each => Enumerable.Repeat(each, round.Windows.Count))]);
        return [.. losses.Chunk(round.Windows.Count).Select(ForwardPass.Mean)];
    }

    private void Report(int done, double? loss)
    {
        double rounds = Math.Max(round.Number, Math.Ceiling(context.Recipe.Sparsity / options.PruneFraction));
        double share = (round.Number - 1 + ((double)done / options.MasksPerRound)) / rounds;
        context.Progress?.Report(new PruningProgress(string.Create(CultureInfo.InvariantCulture, $"round {round.Number} of {rounds}"), share, loss));
    }

    /// <summary>Names a mask in the journal, so that a record of another mask is never taken for it.</summary>
    private static string Digest(bool[] present)
    {
        byte[] bytes = [.. present.Select(p => p ? (byte)1 : (byte)0)];
        return Convert.ToHexStringLower(SHA256.HashData(bytes).AsSpan(0, 8));
    }
}
