using Niwaki.Kernels;
using Niwaki.Numerics;

namespace Niwaki.Pruning.Search;

/// <summary>The regression of the published Bonsai code: 36 settings by five-fold cross-validation, the best by Kendall's tau.</summary>
/// <remarks>
/// Penalty 100, 1e-4, 0; learning rate 1 / (features × 100, 10, 1, 0.1); batches of 32, 64, 128. Folds are contiguous; where complements follow
/// their masks, fold borders do not part them. The setting with the highest mean tau on the held-out folds is fitted to all rows, judged on
/// them. Of equal settings the first wins, also when every tau is 0. The same result for any number of threads.
/// </remarks>
internal static class PublishedRegression
{
    private const int Folds = 5;

    private static readonly AdamSetting[] Grid =
    [
        .. from penalty in (double[])[100, 1e-4, 0]
           from rate in (double[])[100, 10, 1, 0.1]
           from batch in (int[])[32, 64, 128]
           select new AdamSetting(penalty, rate, batch),
    ];

    /// <summary>Chooses the setting.</summary>
    /// <param name="masks">Masks of the sub-models.</param>
    /// <param name="targets">Their utilities, finite.</param>
    /// <param name="pairs">Whether every second mask is the complement of the one before.</param>
    /// <param name="options">Settings that the grid does not vary.</param>
    /// <param name="seed">Seed of the order of batches.</param>
    /// <param name="team">Threads.</param>
    public static AdamSetting Choose(
        IReadOnlyList<bool[]> masks, IReadOnlyList<double> targets, bool pairs, PublishedRegressionOptions options, long seed, ThreadTeam team)
    {
        IReadOnlyList<(int[] Train, int[] Test)> folds = CrossValidation.Folds(masks.Count, pairs, Folds);
        double[] taus = new double[Grid.Length * folds.Count];
        team.For(taus.Length, 1, i =>
        {
            (int[] train, int[] test) = folds[i % folds.Count];
            taus[i] = AdamFit.Run(masks, targets, train, test, options, Grid[i / folds.Count], new SeededRandom(seed, i)).Tau;
        });
        int best = Enumerable.Range(0, Grid.Length).MaxBy(i => taus.AsSpan(i * folds.Count, folds.Count).ToArray().Average());
        return Grid[best];
    }

    /// <summary>Fits one setting to some rows, judged on the same.</summary>
    /// <returns>[features + 1] coefficients, the bias last.</returns>
    public static double[] Fit(
        IReadOnlyList<bool[]> masks, IReadOnlyList<double> targets, int[] rows, PublishedRegressionOptions options, AdamSetting setting, long seed) =>
        AdamFit.Run(masks, targets, rows, rows, options, setting, new SeededRandom(seed, Grid.Length * Folds)).Coefficients;
}
