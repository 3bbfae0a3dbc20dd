using System.Text;
using Niwaki.Tokenizers.PreTokenizers;

namespace Niwaki.Tests.Tokenizers.PreTokenizers;

public sealed class ByteLevelPreTokenizerTests
{
    [Theory]
    [InlineData(false, true, "a é", "a|ĠÃ©")]
    [InlineData(true, true, "a b", "Ġa|Ġb")]
    [InlineData(true, true, " a", "Ġa")]
    [InlineData(true, true, "\na", "Ġ|Ċ|a")] // only a blank keeps the blank away
    [InlineData(false, false, "a b\n", "aĠbĊ")]
    public void Split_Options_PiecesInTheByteAlphabet(bool prefix, bool pattern, string text, string expected) =>
        Assert.Equal(expected, PieceList.Cut(new ByteLevelPreTokenizer(prefix, pattern, writesBytes: true), text));

    [Fact]
    public void WithoutBytes_Pieces_StayText() =>
        Assert.Equal("a| é", PieceList.Cut(new ByteLevelPreTokenizer(false, true, writesBytes: true).WithoutBytes(), "a é"));

    [Fact]
    public void ByteAlphabet_AllBytes_ThereAndBack()
    {
        for (int value = 0; value < 256; value++)
        {
            char character = ByteAlphabet.ToCharacter((byte)value);
            Assert.True(ByteAlphabet.TryGetByte(character, out byte found));
            Assert.Equal(value, found);
            Assert.False(Rune.IsControl(new Rune(character)));
        }

        // U+0143 is the character behind the last: 68 bytes are substituted from U+0100 on.
        Assert.False(ByteAlphabet.TryGetByte('\u0144', out _));
        Assert.False(ByteAlphabet.TryGetByte(' ', out _));
        Assert.Equal('Ġ', ByteAlphabet.ToCharacter((byte)' '));
        Assert.Equal('Ċ', ByteAlphabet.ToCharacter((byte)'\n'));
    }
}
