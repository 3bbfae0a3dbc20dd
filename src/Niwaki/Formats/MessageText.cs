using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Niwaki.Formats;

/// <summary>Makes text from foreign files fit to be shown: short, on one line, without control characters.</summary>
internal static class MessageText
{
    /// <summary>Longest foreign text shown; names of tensors and fields are far shorter.</summary>
    private const int MaxLength = 120;

    /// <summary>A foreign text, cut at 120 characters, control characters escaped so that they cannot steer a terminal.</summary>
    public static string Shown(string foreign)
    {
        var text = new StringBuilder(Math.Min(foreign.Length, MaxLength));
        foreach (char c in foreign)
        {
            if (text.Length >= MaxLength)
            {
                return text.Append('…').ToString();
            }

            if (char.IsControl(c) || char.IsSurrogate(c) || CharUnicodeInfo.GetUnicodeCategory(c) == UnicodeCategory.Format)
            {
                text.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
            }
            else
            {
                text.Append(c);
            }
        }

        return text.ToString();
    }

    /// <summary>A JSON value as it stands in the file, shortened.</summary>
    public static string Shown(JsonElement value) => Shown(value.GetRawText());

    /// <summary>A count with thousands separators, such as <c>8,192</c>.</summary>
    public static string Count(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>A shape, such as <c>[512, 64]</c>.</summary>
    public static string Shape(IReadOnlyList<long> shape) =>
        $"[{string.Join(", ", shape.Select(dimension => dimension.ToString(CultureInfo.InvariantCulture)))}]";

    /// <summary>The message of a fault: <c>file, byte N: item found, expected rule. Next step.</c></summary>
    public static string Fault(string file, string item, string found, string expected, long? bytePosition, string? nextStep)
    {
        string name = Path.GetFileName(Path.TrimEndingDirectorySeparator(file));
        string place = bytePosition is long position ? $"{Shown(name)}, byte {Count(position)}" : Shown(name);
        string step = nextStep is null ? "" : $" {nextStep}";
        return $"{place}: {item} {found}, expected {expected}.{step}";
    }
}
