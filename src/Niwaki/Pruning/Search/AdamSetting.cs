namespace Niwaki.Pruning.Search;

/// <summary>One of the settings that the published code tries.</summary>
/// <param name="Penalty">Factor of the penalty.</param>
/// <param name="RateFactor">Learning rate is 1 / (features × this).</param>
/// <param name="Batch">Observations of a step.</param>
internal readonly record struct AdamSetting(double Penalty, double RateFactor, int Batch);
