using Niwaki.Runs;

namespace Niwaki.Pruning.Search;

/// <summary>Settings of a <see cref="PublishedRegression"/> that its grid does not vary.</summary>
/// <param name="Penalty">L1 or L2.</param>
/// <param name="Epochs">Passes over the observations at most.</param>
/// <param name="Start">Where the coefficients start, [features]; null: at 0.</param>
internal sealed record PublishedRegressionOptions(RegressionPenalty Penalty, int Epochs, double[]? Start = null);
