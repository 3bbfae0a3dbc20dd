using System.Globalization;

namespace Niwaki.Reports;

/// <summary>What two losses must share to stand in one column.</summary>
/// <param name="Protocol">Name of the protocol.</param>
/// <param name="Window">Tokens of a window.</param>
/// <param name="Tokens">Tokens scored.</param>
/// <param name="File">The text as the recipe names it; null: written by the model.</param>
/// <param name="Fingerprint">SHA-256 of the tokens.</param>
public sealed record EvaluationIdentity(string Protocol, int Window, long Tokens, string? File, string Fingerprint)
{
    /// <summary>The identity in words.</summary>
    public string Describe() => string.Create(
        CultureInfo.InvariantCulture,
        $"protocol {Protocol}, window {Window}, {Tokens:N0} tokens of {(File is { } file ? $"'{file}'" : "a text that the model wrote itself")}, SHA-256 {Fingerprint[..Math.Min(12, Fingerprint.Length)]}…");
}
