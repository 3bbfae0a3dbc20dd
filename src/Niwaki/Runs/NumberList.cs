using System.Globalization;

namespace Niwaki.Runs;

/// <summary>A few numbers as one value of a recipe, such as <c>100, 0.0001, 0</c>; lists of equal numbers are equal.</summary>
public readonly record struct NumberList
{
    /// <summary>Most numbers of a list.</summary>
    public const int MaxCount = 16;

    private readonly string? _text;

    private NumberList(string text) => _text = text;

    /// <summary>The numbers.</summary>
    public IReadOnlyList<double> Values =>
        [.. ToString().Split(", ", StringSplitOptions.RemoveEmptyEntries).Select(part => double.Parse(part, CultureInfo.InvariantCulture))];

    /// <summary>Makes a list.</summary>
    /// <param name="values">The numbers.</param>
    public static NumberList Of(params IEnumerable<double> values) => new(string.Join(", ", values.Select(ScalarText.Number)));

    /// <summary>Reads numbers with commas between them, in square brackets or not, as the published command line has them.</summary>
    /// <param name="text">The text.</param>
    /// <param name="list">The numbers.</param>
    /// <returns>False if it is no such text, or has none or more than <see cref="MaxCount"/>.</returns>
    public static bool TryParse(string text, out NumberList list)
    {
        ArgumentNullException.ThrowIfNull(text);
        list = default;
        string inside = text.Trim();
        inside = inside.StartsWith('[') && inside.EndsWith(']') && inside.Length > 1 ? inside[1..^1] : inside;
        string[] parts = inside.Split(',', MaxCount + 1, StringSplitOptions.TrimEntries);
        double[] values = new double[parts.Length];
        const NumberStyles Style = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        for (int i = 0; i < parts.Length; i++)
        {
            if (i == MaxCount || !double.TryParse(parts[i], Style, CultureInfo.InvariantCulture, out values[i]) || !double.IsFinite(values[i]))
            {
                return false;
            }
        }

        list = Of(values);
        return true;
    }

    /// <summary>The numbers with commas between them.</summary>
    public override string ToString() => _text ?? "";
}
