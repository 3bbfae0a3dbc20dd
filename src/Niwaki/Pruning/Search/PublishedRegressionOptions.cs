using Niwaki.Runs;

namespace Niwaki.Pruning.Search;

/// <summary>Settings of a <see cref="PublishedRegression"/>.</summary>
/// <param name="Grid">Those of which the best is chosen; of equal ones the first.</param>
/// <param name="Penalty">L1 or L2.</param>
/// <param name="Epochs">Passes over the observations at most.</param>
/// <param name="Start">Where the coefficients start, [features]; null: at 0.</param>
internal sealed record PublishedRegressionOptions(IReadOnlyList<AdamSetting> Grid, RegressionPenalty Penalty, int Epochs, double[]? Start = null)
{
    /// <summary>Settings of a run.</summary>
    /// <param name="options">Its options.</param>
    /// <param name="start">Where the coefficients start; null: at 0.</param>
    public static PublishedRegressionOptions Of(BonsaiOptions options, double[]? start) => new(
        [
            .. from penalty in options.RegressionWeights.Values
               from rate in options.RegressionRates.Values
               from batch in options.RegressionBatches.Values
               select new AdamSetting(penalty, rate, (int)batch),
        ],
        options.RegressionPenalty,
        options.RegressionEpochs,
        start);
}
