using System.Buffers.Binary;
using System.Text;
using System.Text.Unicode;

namespace Niwaki.Formats.Gguf;

/// <summary>Reads the little-endian numbers and texts of a mapped GGUF file one after another, never past its end.</summary>
internal sealed unsafe class GgufCursor(MappedFile map, string file)
{
    /// <summary>Path that errors name.</summary>
    public string File => file;

    /// <summary>Byte that is read next.</summary>
    public long Position { get; private set; }

    /// <summary>Bytes of the file.</summary>
    public long Length => map.Length;

    /// <summary>The next bytes.</summary>
    /// <param name="count">Bytes.</param>
    /// <param name="item">What they are, for the message.</param>
    public ReadOnlySpan<byte> Take(int count, string item)
    {
        if (count > Length - Position)
        {
            throw Fault(item, $"needs {MessageText.Count(count)} bytes", $"at most the {MessageText.Count(Length - Position)} that the file still has",
                nextStep: "The file may be cut short: fetch it again.");
        }

        var bytes = new ReadOnlySpan<byte>(map.Pointer + Position, count);
        Position += count;
        return bytes;
    }

    public uint UInt32(string item) => BinaryPrimitives.ReadUInt32LittleEndian(Take(sizeof(uint), item));

    public ulong UInt64(string item) => BinaryPrimitives.ReadUInt64LittleEndian(Take(sizeof(ulong), item));

    /// <summary>A count of 8 bytes that may not be larger than a limit.</summary>
    public int Count(string item, long max)
    {
        long start = Position;
        ulong count = UInt64(item);
        return count <= (ulong)max
            ? (int)count
            : throw Fault(item, $"is {count:N0}", $"at most {MessageText.Count(max)}", start);
    }

    /// <summary>A text with its length in front.</summary>
    /// <param name="item">What it is, for the message.</param>
    /// <param name="maxBytes">Longest text accepted.</param>
    public string Text(string item, int maxBytes)
    {
        int length = Count($"length of {item}", Math.Min(maxBytes, Math.Max(0, Length - Position - sizeof(ulong))));
        long start = Position;
        ReadOnlySpan<byte> bytes = Take(length, item);
        return Utf8.IsValid(bytes) ? Encoding.UTF8.GetString(bytes) : throw Fault(item, "is not valid UTF-8", "UTF-8", start);
    }

    /// <summary>An error at a place of the file; the place of the cursor if none is given.</summary>
    public ModelFormatException Fault(string item, string found, string expected, long? position = null, string? nextStep = null) =>
        new(file, item, found, expected, position ?? Position, nextStep);
}
