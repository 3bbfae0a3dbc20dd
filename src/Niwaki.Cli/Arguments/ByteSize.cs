using System.CommandLine.Parsing;
using System.Globalization;

namespace Niwaki.Cli.Arguments;

/// <summary>Sizes such as <c>6GiB</c>, <c>500 MB</c> or <c>1048576</c>.</summary>
internal static class ByteSize
{
    private static readonly (string Suffix, double Factor)[] Suffixes =
    [
        ("KiB", 1L << 10), ("MiB", 1L << 20), ("GiB", 1L << 30), ("TiB", 1L << 40),
        ("KB", 1e3), ("MB", 1e6), ("GB", 1e9), ("TB", 1e12), ("K", 1L << 10), ("M", 1L << 20), ("G", 1L << 30), ("B", 1),
    ];

    /// <summary>Bytes of a size, or null where the text is none.</summary>
    public static long? Parse(string text)
    {
        (string suffix, double factor) = Suffixes.FirstOrDefault(s => text.EndsWith(s.Suffix, StringComparison.OrdinalIgnoreCase), ("", 1));
        string number = text[..^suffix.Length].Trim();
        return double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double value) && value * factor is >= 1 and < 1e18
            ? (long)(value * factor)
            : null;
    }

    /// <summary>The value of an option.</summary>
    public static long? Parse(ArgumentResult result)
    {
        string text = string.Join(' ', result.Tokens.Select(token => token.Value));
        long? bytes = Parse(text);
        if (bytes is null)
        {
            result.AddError($"Memory is '{text}', expected a size such as '6GiB' or '800MB'.");
        }

        return bytes;
    }
}
