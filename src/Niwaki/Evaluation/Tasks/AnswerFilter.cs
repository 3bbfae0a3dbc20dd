using System.Text.RegularExpressions;

namespace Niwaki.Evaluation.Tasks;

/// <summary>Finds the number in what a model wrote about a problem of GSM8K, and compares it with the right one.</summary>
public static partial class AnswerFilter
{
    /// <summary>The number behind <c>#### </c>.</summary>
    public const string Strict = "strict-match";

    /// <summary>The last number.</summary>
    public const string Flexible = "flexible-extract";

    private const string Nothing = "[invalid]";

    /// <summary>Names of the filters.</summary>
    public static IReadOnlyList<string> Names { get; } = [Strict, Flexible];

    /// <summary>What a filter leaves of a text.</summary>
    /// <param name="name">Name of the filter.</param>
    /// <param name="text">What the model wrote.</param>
    /// <returns>A number as it was written, or <c>[invalid]</c> where there is none.</returns>
    public static string Apply(string name, string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (name == Strict)
        {
            Match first = BehindMark().Match(text);
            return first.Success ? first.Groups[1].Value.Trim() : Nothing;
        }

        return Number().Matches(text).LastOrDefault()?.Value.Trim() ?? Nothing;
    }

    /// <summary>Whether two texts are equal without commas, dollar signs, everything up to <c>#### </c>, a point at the end, and case.</summary>
    /// <param name="found">What a filter left.</param>
    /// <param name="expected">The right answer, its derivation included.</param>
    public static bool AreEqual(string found, string expected)
    {
        ArgumentNullException.ThrowIfNull(found);
        ArgumentNullException.ThrowIfNull(expected);
        return Plain(found) == Plain(expected);
    }

    private static string Plain(string text)
    {
        string plain = text.Replace(",", "", StringComparison.Ordinal).Replace("$", "", StringComparison.Ordinal);
        return LastPoint().Replace(Derivation().Replace(plain, ""), "").ToLowerInvariant();
    }

    [GeneratedRegex(@"#### (\-?[0-9\.\,]+)", RegexOptions.CultureInvariant)]
    private static partial Regex BehindMark();

    [GeneratedRegex(@"-?[$0-9.,]{2,}|-?[0-9]+", RegexOptions.CultureInvariant)]
    private static partial Regex Number();

    [GeneratedRegex(@".*#### ", RegexOptions.CultureInvariant | RegexOptions.Singleline)]
    private static partial Regex Derivation();

    [GeneratedRegex(@"\.$", RegexOptions.CultureInvariant)]
    private static partial Regex LastPoint();
}
