namespace Niwaki.Tokenizers.PreTokenizers;

/// <summary>The 256 printable characters by which byte-level vocabularies write bytes.</summary>
/// <remarks>
/// Printable characters of Latin-1 stand for their own byte; the other 68 bytes get the characters from U+0100 on, in order
/// (Radford et al., 2019, <c>bytes_to_unicode</c>): a blank is U+0120, a line feed U+010A.
/// </remarks>
internal static class ByteAlphabet
{
    private const int FirstSubstitute = 0x100;

    private static readonly char[] Characters = MakeCharacters();
    private static readonly short[] Bytes = MakeBytes();

    /// <summary>The character that stands for a byte.</summary>
    public static char ToCharacter(byte value) => Characters[value];

    /// <summary>The byte that a character stands for, if it stands for one.</summary>
    public static bool TryGetByte(char character, out byte value)
    {
        short found = character < Bytes.Length ? Bytes[character] : (short)-1;
        value = unchecked((byte)found);
        return found >= 0;
    }

    private static char[] MakeCharacters()
    {
        var characters = new char[256];
        int substitute = FirstSubstitute;
        for (int value = 0; value < 256; value++)
        {
            bool isPrintable = value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF);
            characters[value] = (char)(isPrintable ? value : substitute++);
        }

        return characters;
    }

    private static short[] MakeBytes()
    {
        var bytes = new short[Characters.Max() + 1];
        Array.Fill(bytes, (short)-1);
        for (int value = 0; value < 256; value++)
        {
            bytes[Characters[value]] = (short)value;
        }

        return bytes;
    }
}
