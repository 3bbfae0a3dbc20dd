namespace Niwaki.Pruning.Search;

/// <summary>A ridge regression in its dual form: a weight for every observation.</summary>
/// <param name="Rows">Observations that it was fitted to.</param>
/// <param name="Weights">α of each; β = Xᶜᵀ α.</param>
/// <param name="Mean">Mean of the targets.</param>
/// <param name="ToMean">Inner product of each row with the mean row.</param>
/// <param name="MeanSquare">Inner product of the mean row with itself.</param>
internal sealed record DualRidge(
    IReadOnlyList<int> Rows, IReadOnlyList<double> Weights, double Mean, IReadOnlyList<double> ToMean, double MeanSquare);
