using Niwaki.Numerics;
using Niwaki.Runs;

namespace Niwaki.Pruning.Search;

/// <summary>One linear fit by Adam with early stopping on Kendall's tau, as the published Bonsai code trains it.</summary>
/// <remarks>
/// Minimises mean (y − ȳ − b − x·β)² over a batch + w Σ|β| or w Σ(β − β₀)². Adam with its usual constants; the rate is halved when tau on the
/// judged rows has not risen for 4 epochs, and 10 such epochs end the fit. The coefficients of the best epoch count. Float64, one thread.
/// β₀ is the start, or, where that is 0, the mean of the training masks, as published.
/// </remarks>
internal sealed class AdamFit
{
    private const double Decay1 = 0.9;
    private const double Decay2 = 0.999;
    private const double Epsilon = 1e-8;
    private const int EpochsToHalve = 3;
    private const int EpochsToStop = 10;

    private readonly IReadOnlyList<bool[]> _masks;
    private readonly int[] _train;
    private readonly double[] _targets;
    private readonly PublishedRegressionOptions _options;
    private readonly AdamSetting _setting;
    private readonly double[] _centre;
    private readonly double[] _beta;
    private readonly double[] _gradient;
    private readonly double[] _first;
    private readonly double[] _second;
    private double _rate;
    private long _steps;

    private AdamFit(IReadOnlyList<bool[]> masks, int[] train, double[] targets, PublishedRegressionOptions options, AdamSetting setting)
    {
        (_masks, _train, _targets, _options, _setting) = (masks, train, targets, options, setting);
        int features = masks[0].Length;

        // The last coefficient is the bias b.
        _beta = new double[features + 1];
        options.Start?.CopyTo(_beta, 0);
        _gradient = new double[features + 1];
        _first = new double[features + 1];
        _second = new double[features + 1];
        _rate = 1 / (Math.Max(1, features) * setting.RateFactor);
        _centre = options.Start
            ?? [.. Enumerable.Range(0, features).Select(j => train.Average(row => masks[row][j] ? 1.0 : 0))];
    }

    /// <summary>Fits some rows, judged on others.</summary>
    /// <param name="masks">All masks.</param>
    /// <param name="targets">Utilities of all, finite.</param>
    /// <param name="train">Rows to fit.</param>
    /// <param name="judge">Rows whose tau decides when to stop.</param>
    /// <param name="options">Settings that the grid does not vary.</param>
    /// <param name="setting">Settings that it varies.</param>
    /// <param name="random">Order of the batches.</param>
    /// <returns>Best tau on the judged rows, and [features + 1] coefficients, the bias last.</returns>
    public static (double Tau, double[] Coefficients) Run(
        IReadOnlyList<bool[]> masks,
        IReadOnlyList<double> targets,
        int[] train,
        int[] judge,
        PublishedRegressionOptions options,
        AdamSetting setting,
        SeededRandom random)
    {
        double mean = train.Average(row => targets[row]);
        var fit = new AdamFit(masks, train, [.. targets.Select(y => y - mean)], options, setting);
        return fit.Train(judge, random);
    }

    /// <summary>What coefficients say about a mask, without the mean of the targets.</summary>
    public static double Predict(bool[] mask, double[] coefficients)
    {
        double sum = coefficients[^1];
        for (int j = 0; j < mask.Length; j++)
        {
            sum += mask[j] ? coefficients[j] : 0;
        }

        return sum;
    }

    private (double Tau, double[] Coefficients) Train(int[] judge, SeededRandom random)
    {
        double[] truth = [.. judge.Select(row => _targets[row])];
        double best = double.NegativeInfinity;
        double[] kept = [.. _beta];
        int sinceBest = 0;
        int sinceHalving = 0;
        for (int epoch = 0; epoch < _options.Epochs && sinceBest < EpochsToStop; epoch++)
        {
            int[] order = [.. _train];
            random.Shuffle<int>(order);
            foreach (int[] batch in order.Chunk(_setting.Batch))
            {
                Step(batch);
            }

            double tau = KendallTau.Of([.. judge.Select(row => Predict(_masks[row], _beta))], truth);
            if (tau > best)
            {
                (best, kept, sinceBest, sinceHalving) = (tau, [.. _beta], 0, 0);
                continue;
            }

            sinceBest++;
            if (++sinceHalving > EpochsToHalve)
            {
                _rate /= 2;
                sinceHalving = 0;
            }
        }

        return (best, kept);
    }

    private void Step(int[] batch)
    {
        SetPenaltyGradient();
        foreach (int row in batch)
        {
            bool[] mask = _masks[row];
            double slope = 2.0 / batch.Length * (Predict(mask, _beta) - _targets[row]);
            for (int j = 0; j < mask.Length; j++)
            {
                _gradient[j] += mask[j] ? slope : 0;
            }

            _gradient[^1] += slope;
        }

        _steps++;
        double correction1 = 1 - Math.Pow(Decay1, _steps);
        double correction2 = 1 - Math.Pow(Decay2, _steps);
        for (int j = 0; j < _beta.Length; j++)
        {
            _first[j] = (Decay1 * _first[j]) + ((1 - Decay1) * _gradient[j]);
            _second[j] = (Decay2 * _second[j]) + ((1 - Decay2) * _gradient[j] * _gradient[j]);
            _beta[j] -= _rate * (_first[j] / correction1) / (Math.Sqrt(_second[j] / correction2) + Epsilon);
        }
    }

    private void SetPenaltyGradient()
    {
        for (int j = 0; j < _centre.Length; j++)
        {
            _gradient[j] = _setting.Penalty * (_options.Penalty == RegressionPenalty.L1 ? Math.Sign(_beta[j]) : 2 * (_beta[j] - _centre[j]));
        }

        _gradient[^1] = 0;
    }
}
