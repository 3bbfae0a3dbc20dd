using Niwaki.Formats;
using Niwaki.Tokenizers.SentencePiece;

namespace Niwaki.Tests.Tokenizers.SentencePiece;

public sealed class ProtobufReaderTests
{
    [Fact]
    public void Read_AllWireTypes_ValuesInOrder()
    {
        // Field 1 varint 300; field 2 bytes "hi"; field 3 float 1; field 4 of 64 bits, skipped; field 5 varint -1 in ten bytes.
        byte[] message =
        [
            0x08, 0xAC, 0x02, 0x12, 2, (byte)'h', (byte)'i', 0x1D, 0, 0, 0x80, 0x3F, 0x21, 1, 2, 3, 4, 5, 6, 7, 8,
            0x28, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01,
        ];
        var reader = new ProtobufReader(message, "f");
        Assert.True(reader.TryReadField());
        Assert.Equal(300, reader.ReadInt32());
        Assert.True(reader.TryReadField());
        Assert.Equal("hi"u8.ToArray(), reader.ReadBytes().ToArray());
        Assert.True(reader.TryReadField());
        Assert.Equal(1f, reader.ReadSingle());
        Assert.True(reader.TryReadField());
        Assert.Equal(4, reader.Field);
        reader.Skip();
        Assert.True(reader.TryReadField());
        Assert.Equal(-1, reader.ReadInt32());
        Assert.False(reader.TryReadField());
    }

    [Theory]
    [InlineData(new byte[] { 0x00 }, 0, "is 0")]                                  // field number 0
    [InlineData(new byte[] { 0x0B }, 0, "is 11")]                                 // wire type 3, a group
    [InlineData(new byte[] { 0x80 }, 0, "does not end")]                          // key without end
    [InlineData(new byte[] { 0x08, 0x80 }, 1, "does not end")]                    // number without end
    [InlineData(new byte[] { 0x12, 5, 1 }, 1, "has 5 bytes")]                     // length beyond the end
    [InlineData(new byte[] { 0x12, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F }, 1, "bytes")]   // length beyond any memory
    [InlineData(new byte[] { 0x1D, 1, 2 }, 1, "needs 4 bytes")]
    [InlineData(new byte[] { 0x21, 1, 2 }, 1, "needs 8 bytes")]
    [InlineData(new byte[] { 0x08, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x02 }, 1, "overflows")]
    [InlineData(new byte[] { 0x08, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1 }, 1, "does not end")] // eleven bytes
    public void Skip_BrokenBytes_ThrowsWithThePlace(byte[] message, long position, string found)
    {
        var error = Assert.Throws<ModelFormatException>(() =>
        {
            var reader = new ProtobufReader(message, "f");
            while (reader.TryReadField())
            {
                reader.Skip();
            }
        });
        Assert.Contains(found, error.Found, StringComparison.Ordinal);
        Assert.Equal(position, error.BytePosition);
    }

    [Fact]
    public void ReadInt32_OtherWireType_Throws()
    {
        var error = Assert.Throws<ModelFormatException>(() =>
        {
            var reader = new ProtobufReader([0x12, 0], "f");
            reader.TryReadField();
            reader.ReadInt32();
        });
        Assert.Equal("has wire type 2", error.Found);
    }

    [Fact]
    public void ReadInt32_MoreThan32Bits_Throws()
    {
        var error = Assert.Throws<ModelFormatException>(() =>
        {
            var reader = new ProtobufReader([0x08, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F], "f");
            reader.TryReadField();
            reader.ReadInt32();
        });
        Assert.Equal("a number of 32 bits", error.Expected);
    }
}
