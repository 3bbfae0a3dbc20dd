using System.Buffers.Binary;
using System.Text;

namespace Niwaki.Tests.Tokenizers.SentencePiece;

/// <summary>Writes the bytes of a tokenizer.model for tests.</summary>
internal sealed class SentencePieceBuilder
{
    private readonly List<byte> _pieces = [];

    /// <summary>Fields of the trainer; by default byte-pair encoding.</summary>
    public List<byte> Trainer { get; } = [.. Number(3, 2)];

    /// <summary>Fields of the normaliser; by default no blanks are dropped.</summary>
    public List<byte> Normalizer { get; } = [.. Bytes(1, "identity"u8), .. Number(4, 0)];

    public byte[] ToArray() => [.. _pieces, .. Bytes(2, [.. Trainer]), .. Bytes(3, [.. Normalizer])];

    /// <summary>Adds a piece; types: 1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused, 6 byte.</summary>
    public SentencePieceBuilder Piece(string text, float score = 0, long type = 1)
    {
        _pieces.AddRange(Bytes(1, [.. Bytes(1, Encoding.UTF8.GetBytes(text)), .. Single(2, score), .. Number(3, type)]));
        return this;
    }

    public static byte[] Number(int field, long value) => [.. Varint((ulong)(field << 3)), .. Varint(unchecked((ulong)value))];

    public static byte[] Bytes(int field, ReadOnlySpan<byte> content) =>
        [.. Varint((ulong)((field << 3) | 2)), .. Varint((ulong)content.Length), .. content];

    public static byte[] Single(int field, float value)
    {
        byte[] bits = new byte[4];
        BinaryPrimitives.WriteSingleLittleEndian(bits, value);
        return [.. Varint((ulong)((field << 3) | 5)), .. bits];
    }

    private static List<byte> Varint(ulong value)
    {
        List<byte> bytes = [];
        for (; value >= 0x80; value >>= 7)
        {
            bytes.Add((byte)(value | 0x80));
        }

        bytes.Add((byte)value);
        return bytes;
    }
}
