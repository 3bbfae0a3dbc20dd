using System.Globalization;

namespace Niwaki.Tokenizers.Bpe;

/// <summary>Tokens such as <c>&lt;0x0A&gt;</c> that stand for one byte.</summary>
internal static class ByteToken
{
    private const int Length = 6;

    /// <summary>The token of a byte.</summary>
    public static string Write(byte value) => string.Create(CultureInfo.InvariantCulture, $"<0x{value:X2}>");

    /// <summary>The byte of a token, if it stands for one.</summary>
    public static bool TryRead(ReadOnlySpan<char> token, out byte value)
    {
        value = 0;
        return token.Length == Length && token.StartsWith("<0x", StringComparison.Ordinal) && token[^1] == '>'
            && byte.TryParse(token[3..5], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
    }
}
