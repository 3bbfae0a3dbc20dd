namespace Niwaki.Evaluation;

/// <summary>A figure and its standard error.</summary>
/// <param name="Value">The figure.</param>
/// <param name="Error">Its standard error; NaN where there are too few values for one.</param>
public readonly record struct ValueWithError(double Value, double Error);
