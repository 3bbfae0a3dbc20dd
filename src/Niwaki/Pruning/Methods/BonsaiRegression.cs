using System.Globalization;
using System.Security.Cryptography;
using Niwaki.Models;
using Niwaki.Numerics;
using Niwaki.Pruning.Decisions;
using Niwaki.Pruning.Search;

namespace Niwaki.Pruning.Methods;

/// <summary>Evaluates the sub-models of one round and scores the units of its pools.</summary>
internal sealed class BonsaiRegression(PruningContext context, Transformer model, IReadOnlyList<BonsaiPool> pools, int round)
{
    /// <summary>Utility of a sub-model whose perplexity is not a number or beyond this, as in the published code.</summary>
    private const double WorstUtility = -1e8;

    /// <summary>Draws and evaluates the sub-models, then fits the regression.</summary>
    /// <returns>For each pool the coefficients of its members.</returns>
    public double[][] Scores(SeededRandom random)
    {
        int count = context.Recipe.Bonsai.MasksPerRound;
        var masks = new List<bool[]>(count);
        var utilities = new List<double>(count);
        while (masks.Count < count)
        {
            bool[][] drawn = [.. pools.Select(pool => pool.Draw(random))];
            Evaluate([.. drawn.SelectMany(present => present)], masks, utilities);
            if (context.Recipe.Bonsai.Complement && masks.Count < count)
            {
                Evaluate([.. drawn.SelectMany(present => present.Select(p => !p))], masks, utilities);
            }
        }

        double[] coefficients = RidgeRegression.Fit(masks, utilities, context.Recipe.Bonsai.Ridge);
        double[][] scores = new double[pools.Count][];
        for (int pool = 0, first = 0; pool < pools.Count; first += pools[pool].Count, pool++)
        {
            scores[pool] = coefficients[first..(first + pools[pool].Count)];
        }

        return scores;
    }

    private void Evaluate(bool[] present, List<bool[]> masks, List<double> utilities)
    {
        var gates = new ModelGates(model.Config.Blocks.Count);
        int first = 0;
        foreach (BonsaiPool pool in pools)
        {
            pool.Close(present.AsSpan(first, pool.Count), model.Config, gates);
            first += pool.Count;
        }

        string key = string.Create(CultureInfo.InvariantCulture, $"round {round}, mask {masks.Count}, {Digest(present)}");
        double loss = context.MeanLoss(key, model, gates);
        double utility = -Math.Exp(loss);
        masks.Add(present);
        utilities.Add(double.IsFinite(utility) ? Math.Max(utility, WorstUtility) : WorstUtility);
        Report(masks.Count, loss);
    }

    private void Report(int done, double loss)
    {
        double rounds = Math.Max(round, Math.Ceiling(context.Recipe.Sparsity / context.Recipe.Bonsai.PruneFraction));
        double share = (round - 1 + ((double)done / context.Recipe.Bonsai.MasksPerRound)) / rounds;
        context.Progress?.Report(new PruningProgress(string.Create(CultureInfo.InvariantCulture, $"round {round} of {rounds}"), share, loss));
    }

    /// <summary>Names a mask in the journal, so that a record of another mask is never taken for it.</summary>
    private static string Digest(bool[] present)
    {
        byte[] bytes = [.. present.Select(p => p ? (byte)1 : (byte)0)];
        return Convert.ToHexStringLower(SHA256.HashData(bytes).AsSpan(0, 8));
    }
}
