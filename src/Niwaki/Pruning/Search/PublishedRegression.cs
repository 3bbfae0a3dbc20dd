using Niwaki.Kernels;
using Niwaki.Numerics;

namespace Niwaki.Pruning.Search;

/// <summary>The regression of the published Bonsai code: some settings by five-fold cross-validation, the best by Kendall's tau.</summary>
/// <remarks>
/// As published there are 36: penalty 100, 1e-4, 0; learning rate 1 / (features × 100, 10, 1, 0.1); batches of 32, 64, 128. Folds are contiguous; where complements follow
/// their masks, fold borders do not part them. The setting with the highest mean tau on the held-out folds is fitted to all rows, judged on
/// them. Of equal settings the first wins, also when every tau is 0. The same result for any number of threads.
/// </remarks>
internal static class PublishedRegression
{
    private const int Folds = 5;

    /// <summary>Chooses the setting.</summary>
    /// <param name="masks">Masks of the sub-models.</param>
    /// <param name="targets">Their utilities, finite.</param>
    /// <param name="pairs">Whether every second mask is the complement of the one before.</param>
    /// <param name="options">The grid, and what it does not vary.</param>
    /// <param name="seed">Seed of the order of batches.</param>
    /// <param name="team">Threads.</param>
    public static AdamSetting Choose(
        IReadOnlyList<bool[]> masks, IReadOnlyList<double> targets, bool pairs, PublishedRegressionOptions options, long seed, ThreadTeam team)
    {
        IReadOnlyList<(int[] Train, int[] Test)> folds = CrossValidation.Folds(masks.Count, pairs, Folds);
        double[] taus = new double[options.Grid.Count * folds.Count];
        team.For(taus.Length, 1, i =>
        {
            (int[] train, int[] test) = folds[i % folds.Count];
            taus[i] = AdamFit.Run(masks, targets, train, test, options, options.Grid[i / folds.Count], new SeededRandom(seed, i)).Tau;
        });
        int best = Enumerable.Range(0, options.Grid.Count).MaxBy(i => taus.AsSpan(i * folds.Count, folds.Count).ToArray().Average());
        return options.Grid[best];
    }

    /// <summary>Fits one setting to some rows, judged on the same.</summary>
    /// <returns>[features + 1] coefficients, the bias last.</returns>
    public static double[] Fit(
        IReadOnlyList<bool[]> masks, IReadOnlyList<double> targets, int[] rows, PublishedRegressionOptions options, AdamSetting setting, long seed) =>
        AdamFit.Run(masks, targets, rows, rows, options, setting, new SeededRandom(seed, options.Grid.Count * Folds)).Coefficients;
}
