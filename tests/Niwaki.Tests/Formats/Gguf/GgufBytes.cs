using System.Buffers.Binary;
using System.Text;

namespace Niwaki.Tests.Formats.Gguf;

/// <summary>Puts GGUF files together by hand, broken ones included, without the writer under test.</summary>
internal static class GgufBytes
{
    /// <summary>Magic, version, counts, entries, tensors, padding to 32 bytes and <paramref name="dataBytes"/> bytes 0, 1, 2, ….</summary>
    public static byte[] File(byte[][] entries, byte[][] tensors, int dataBytes, uint version = 3, int alignment = 32)
    {
        List<byte> bytes = [.. "GGUF"u8, .. U32(version), .. U64((ulong)tensors.Length), .. U64((ulong)entries.Length)];
        foreach (byte[] part in entries.Concat(tensors))
        {
            bytes.AddRange(part);
        }

        if (tensors.Length > 0)
        {
            while (bytes.Count % alignment != 0)
            {
                bytes.Add(0);
            }
        }

        return [.. bytes, .. Enumerable.Range(0, dataBytes).Select(i => (byte)i)];
    }

    /// <summary>Key, type and the bytes of the value.</summary>
    public static byte[] Entry(string key, uint type, params byte[] value) => [.. Text(key), .. U32(type), .. value];

    /// <summary>Name, dimensions (fastest first, as in the file), encoding and place.</summary>
    public static byte[] Tensor(string name, ulong[] dimensions, uint type = 0, ulong offset = 0) =>
        [.. Text(name), .. U32((uint)dimensions.Length), .. dimensions.SelectMany(U64), .. U32(type), .. U64(offset)];

    public static byte[] Text(string text) => [.. U64((ulong)Encoding.UTF8.GetByteCount(text)), .. Encoding.UTF8.GetBytes(text)];

    public static byte[] U32(uint value)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        return bytes;
    }

    public static byte[] U64(ulong value)
    {
        byte[] bytes = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        return bytes;
    }
}
