using Niwaki.Kernels;
using Niwaki.Numerics;
using Niwaki.Pruning.Search;
using Niwaki.Runs;

namespace Niwaki.Pruning.Methods;

/// <summary>The regression of a round, and how well it foretells sub-models that it has not seen.</summary>
internal sealed class BonsaiFit
{
    private const int Folds = 5;
    private const int Permutations = 20;

    /// <summary>Settings for the diagnostics of a published regression; the choice is not made again for a permutation.</summary>
    private readonly AdamSetting _setting;
    private readonly BonsaiSample _sample;
    private readonly BonsaiOptions _options;
    private readonly PublishedRegressionOptions _adam;
    private readonly MaskGram _gram;
    private readonly long _seed;

    /// <summary>Fits the units of all pools together.</summary>
    /// <param name="sample">The evaluated sub-models.</param>
    /// <param name="options">Settings.</param>
    /// <param name="start">Where the coefficients of a published regression start; null: at 0.</param>
    /// <param name="seed">Seed of everything random in it.</param>
    /// <param name="team">Threads.</param>
    public BonsaiFit(BonsaiSample sample, BonsaiOptions options, double[]? start, long seed, ThreadTeam team)
    {
        (_sample, _options, _seed) = (sample, options, seed);
        _gram = new MaskGram(sample.Masks);
        _adam = PublishedRegressionOptions.Of(options, start);
        if (options.Regression == RegressionKind.Published)
        {
            _setting = PublishedRegression.Choose(sample.Masks, sample.Utilities, sample.Pairs, _adam, seed, team);
        }

        Coefficients = CoefficientsOf([.. Enumerable.Range(0, sample.Masks.Count)]);
    }

    /// <summary>A regression for every pool by itself; diagnostics are those of one over all pools with the same settings.</summary>
    /// <param name="sample">The evaluated sub-models.</param>
    /// <param name="options">Settings.</param>
    /// <param name="starts">Where the coefficients of each pool start.</param>
    /// <param name="seed">Seed of everything random in it.</param>
    /// <param name="team">Threads.</param>
    public static BonsaiFit Local(BonsaiSample sample, BonsaiOptions options, IReadOnlyList<double[]> starts, long seed, ThreadTeam team)
    {
        double[] all = new double[sample.Masks[0].Length];
        int first = 0;
        foreach (double[] start in starts)
        {
            int end = first + start.Length;
            BonsaiSample part = sample with { Masks = [.. sample.Masks.Select(mask => mask[first..end])] };
            new BonsaiFit(part, options, start, seed, team).Coefficients.CopyTo(all, first);
            first = end;
        }

        return new BonsaiFit(sample, options, [.. starts.SelectMany(start => start)], seed, team) { Coefficients = all };
    }

    /// <summary>β of every unit; the lowest were missed least.</summary>
    public double[] Coefficients { get; private init; }

    /// <summary>R² over all held-out sub-models and mean tau of the folds.</summary>
    public (double R2, double Tau) CrossValidate() => CrossValidate(_sample.Utilities);

    /// <summary>Mean and standard deviation of tau when utilities are permuted, opposite masks together.</summary>
    /// <param name="team">Threads.</param>
    public (double Mean, double Deviation) Null(ThreadTeam team)
    {
        double[] taus = new double[Permutations];
        team.For(Permutations, 1, i => taus[i] = CrossValidate(Permuted(new SeededRandom(_seed, -1 - i))).Tau);
        double mean = taus.Average();
        return (mean, Math.Sqrt(taus.Sum(tau => (tau - mean) * (tau - mean)) / (Permutations - 1)));
    }

    /// <summary>β from either half of the sub-models, opposite masks together.</summary>
    public (double[] First, double[] Second) Halves()
    {
        int size = _sample.Pairs ? 2 : 1;
        int[] all = [.. Enumerable.Range(0, _sample.Masks.Count)];
        return (CoefficientsOf([.. all.Where(row => row / size % 2 == 0)]), CoefficientsOf([.. all.Where(row => row / size % 2 == 1)]));
    }

    private double[] CoefficientsOf(int[] rows)
    {
        if (rows.Length == 0)
        {
            return new double[_sample.Masks[0].Length];
        }

        return _options.Regression == RegressionKind.Published
            ? PublishedRegression.Fit(_sample.Masks, _sample.Utilities, rows, _adam, _setting, _seed)[..^1]
            : RidgeRegression.Coefficients(_sample.Masks, _gram.Fit(rows, [.. rows.Select(row => _sample.Utilities[row])], _options.Ridge));
    }

    private (double R2, double Tau) CrossValidate(IReadOnlyList<double> utilities)
    {
        double mean = utilities.Average();
        double residual = 0;
        double tau = 0;
        IReadOnlyList<(int[] Train, int[] Test)> folds = CrossValidation.Folds(utilities.Count, _sample.Pairs, Folds);
        foreach ((int[] train, int[] test) in folds)
        {
            double[] predicted = Predict(train, test, utilities);
            double[] truth = [.. test.Select(row => utilities[row])];
            residual += predicted.Zip(truth, (p, y) => (p - y) * (p - y)).Sum();
            tau += KendallTau.Of(predicted, truth) / folds.Count;
        }

        double total = utilities.Sum(y => (y - mean) * (y - mean));
        return (total > 0 ? 1 - (residual / total) : 0, tau);
    }

    private double[] Predict(int[] train, int[] test, IReadOnlyList<double> utilities)
    {
        if (_options.Regression == RegressionKind.Published)
        {
            double mean = train.Average(row => utilities[row]);
            double[] coefficients = PublishedRegression.Fit(_sample.Masks, utilities, train, _adam, _setting, _seed);
            return [.. test.Select(row => mean + AdamFit.Predict(_sample.Masks[row], coefficients))];
        }

        DualRidge fit = _gram.Fit(train, [.. train.Select(row => utilities[row])], _options.Ridge);
        return [.. test.Select(row => _gram.Predict(fit, row))];
    }

    private double[] Permuted(SeededRandom random)
    {
        int size = _sample.Pairs ? 2 : 1;
        int[] order = [.. Enumerable.Range(0, _sample.Utilities.Count / size)];
        random.Shuffle<int>(order);
        return [.. order.SelectMany(item => _sample.Utilities.Skip(item * size).Take(size)), .. _sample.Utilities.Skip(order.Length * size)];
    }
}
