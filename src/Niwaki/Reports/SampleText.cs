namespace Niwaki.Reports;

/// <summary>What two models make of one beginning.</summary>
/// <param name="Prompt">The beginning.</param>
/// <param name="Before">How the source goes on; null where it was not there.</param>
/// <param name="After">How the pruned model goes on.</param>
public sealed record SampleText(string Prompt, string? Before, string After);
