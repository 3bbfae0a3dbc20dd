using System.Buffers.Binary;
using System.Text;

namespace Niwaki.Formats.Gguf;

/// <summary>The <c>tokenizer.model</c> of a vocabulary of pieces: the message <c>ModelProto</c> of <c>sentencepiece_model.proto</c>.</summary>
internal static class GgufPieceFile
{
    private const int Varint = 0;
    private const int Bytes = 2;
    private const int Fixed32 = 5;

    public static byte[] Of(GgufMetadata metadata, string[] tokens, int[] types, float[] scores)
    {
        // Rows of the embedding table without a token come last and are left out.
        int count = tokens.Length;
        while (count > 0 && types[count - 1] == GgufKeys.Unused)
        {
            count--;
        }

        using var file = new MemoryStream();
        for (int id = 0; id < count; id++)
        {
            Message(file, 1, Piece(tokens[id], scores[id], types[id]));
        }

        Message(file, 2, Trainer(metadata, tokens.Length, types));
        Message(file, 3, Normalizer(metadata));
        return file.ToArray();
    }

    private static byte[] Piece(string text, float score, int type)
    {
        using var message = new MemoryStream();
        Message(message, 1, Encoding.UTF8.GetBytes(text));
        Tag(message, 2, Fixed32);
        Span<byte> bits = stackalloc byte[4];
        BinaryPrimitives.WriteSingleLittleEndian(bits, score);
        message.Write(bits);
        Number(message, 3, type == 0 ? GgufKeys.Normal : type);
        return message.ToArray();
    }

    private static byte[] Trainer(GgufMetadata metadata, int tokens, int[] types)
    {
        const int BytePairs = 2;
        using var message = new MemoryStream();
        Number(message, 3, BytePairs);
        Number(message, 4, tokens);
        Number(message, 35, types.Contains(GgufKeys.Byte) ? 1 : 0);
        Number(message, 40, metadata.GetInt32OrNull(GgufKeys.Unknown, 0, tokens - 1) ?? 0);
        Number(message, 41, metadata.GetInt32OrNull(GgufKeys.BeginOfText, 0, tokens - 1) ?? -1);
        Number(message, 42, metadata.GetInt32OrNull(GgufKeys.EndOfText, 0, tokens - 1) ?? -1);
        return message.ToArray();
    }

    private static byte[] Normalizer(GgufMetadata metadata)
    {
        using var message = new MemoryStream();
        Message(message, 1, "identity"u8);
        Number(message, 3, metadata.GetBooleanOrNull(GgufKeys.AddSpacePrefix) ?? true ? 1 : 0);
        Number(message, 4, 0); // blanks are not dropped
        Number(message, 5, 1); // blanks become U+2581
        return message.ToArray();
    }

    private static void Message(MemoryStream stream, int field, ReadOnlySpan<byte> content)
    {
        Tag(stream, field, Bytes);
        WriteVarint(stream, (ulong)content.Length);
        stream.Write(content);
    }

    private static void Number(MemoryStream stream, int field, int value)
    {
        Tag(stream, field, Varint);
        WriteVarint(stream, (ulong)(long)value);
    }

    private static void Tag(MemoryStream stream, int field, int wireType) => WriteVarint(stream, (ulong)((field << 3) | wireType));

    private static void WriteVarint(MemoryStream stream, ulong value)
    {
        for (; value >= 0x80; value >>= 7)
        {
            stream.WriteByte((byte)(value | 0x80));
        }

        stream.WriteByte((byte)value);
    }
}
