using System.Numerics;

namespace Niwaki.Formats.Gguf;

/// <summary>Reads the header of a GGUF file, version 2 or 3, and checks every field of it against the length of the file.</summary>
/// <remarks>
/// Magic, version, counts of tensors and of metadata entries; the entries; name, dimensions, encoding and place of every tensor; the data, aligned.
/// Tensors must follow each other in the order of the header, each at the next multiple of the alignment, and cover the data to the end of the file.
/// Source: <c>docs/gguf.md</c> of ggml.
/// </remarks>
internal sealed class GgufHeader
{
    /// <summary>The limit of ggml.</summary>
    public const int MaxDimensions = 4;

    /// <summary>Alignment where the metadata does not say.</summary>
    public const int DefaultAlignment = 32;

    /// <summary>The key that says so.</summary>
    public const string AlignmentKey = "general.alignment";

    /// <summary>"GGUF".</summary>
    public const uint Magic = 0x46554747;

    /// <summary>The version written.</summary>
    public const uint Version = 3;

    private const int MaxTensors = 1 << 17;         // 4,096 blocks of 32 tensors
    private const int MaxEntries = 1 << 16;         // a thousand times what models have
    private const int MaxTextBytes = 1 << 26;       // 64 MiB: templates have kilobytes, an embedded tokenizer.json tens of megabytes
    private const int MaxKeyBytes = 65_535;         // the specification's limit
    private const int MaxNameBytes = 1_024;         // ggml accepts 64
    private const int MaxAlignment = 1 << 20;

    private readonly GgufCursor _cursor;
    private readonly List<GgufTensor> _tensors = [];

    private GgufHeader(GgufCursor cursor) => _cursor = cursor;

    public GgufMetadata Metadata { get; private set; } = null!;

    public IReadOnlyList<GgufTensor> Tensors => _tensors;

    public static GgufHeader Read(GgufCursor cursor)
    {
        var header = new GgufHeader(cursor);
        header.Read();
        return header;
    }

    private void Read()
    {
        CheckMagic();
        int tensors = _cursor.Count("number of tensors", MaxTensors);
        int entries = _cursor.Count("number of metadata entries", MaxEntries);
        ReadMetadata(entries);
        int alignment = ReadAlignment();
        var planned = new List<(string Name, uint Type, long[] Shape, ulong Offset, long Start)>(Math.Min(tensors, 1 << 12));
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (int i = 0; i < tensors; i++)
        {
            planned.Add(ReadTensor(i, names));
        }

        Place(planned, alignment);
    }

    private void CheckMagic()
    {
        uint magic = _cursor.UInt32("magic");
        if (magic != Magic)
        {
            throw _cursor.Fault("magic", $"is 0x{magic:X8}", $"0x{Magic:X8}, 'GGUF'", 0, "Is this a GGUF file?");
        }

        uint version = _cursor.UInt32("version");
        if (version is not (2 or 3))
        {
            bool isSwapped = (version & 0xFFFF) == 0;
            throw new UnsupportedModelException(
                _cursor.File,
                "version",
                isSwapped ? $"is {BinaryPrimitives(version)} in big-endian order" : $"is {version}",
                "2 or 3, little-endian",
                "Convert the file with a current llama.cpp.");
        }

        static uint BinaryPrimitives(uint value) => System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(value);
    }

    private void ReadMetadata(int count)
    {
        var entries = new List<KeyValuePair<string, GgufValue>>(Math.Min(count, 1 << 10));
        var keys = new HashSet<string>(StringComparer.Ordinal);
        for (int i = 0; i < count; i++)
        {
            long start = _cursor.Position;
            string key = _cursor.Text($"key {i}", MaxKeyBytes);
            string item = $"metadata '{MessageText.Shown(key)}'";
            if (key.Length == 0 || !keys.Add(key))
            {
                throw _cursor.Fault(item, key.Length == 0 ? "has an empty key" : "appears twice", "a key of its own", start);
            }

            entries.Add(new(key, GgufValueReader.Read(_cursor, item, MaxTextBytes)));
        }

        Metadata = new GgufMetadata(_cursor.File, entries);
    }

    private int ReadAlignment()
    {
        int alignment = Metadata.GetInt32OrNull(AlignmentKey, 1, MaxAlignment) ?? DefaultAlignment;
        return BitOperations.IsPow2(alignment)
            ? alignment
            : throw Metadata.Wrong(AlignmentKey, Metadata.Find(AlignmentKey)!, $"a power of two up to {MessageText.Count(MaxAlignment)}");
    }

    private (string Name, uint Type, long[] Shape, ulong Offset, long Start) ReadTensor(int index, HashSet<string> names)
    {
        long start = _cursor.Position;
        string name = _cursor.Text($"name of tensor {index}", MaxNameBytes);
        string item = $"tensor '{MessageText.Shown(name)}'";
        if (name.Length == 0 || !names.Add(name))
        {
            throw _cursor.Fault(item, name.Length == 0 ? "has an empty name" : "appears twice", "a name of its own", start);
        }

        uint dimensions = _cursor.UInt32(item);
        if (dimensions is < 1 or > MaxDimensions)
        {
            throw _cursor.Fault(item, $"has {dimensions} dimensions", $"1 to {MaxDimensions}", start);
        }

        long[] shape = new long[dimensions];
        for (int i = 0; i < shape.Length; i++)
        {
            ulong dimension = _cursor.UInt64(item);
            shape[^(i + 1)] = dimension <= long.MaxValue
                ? (long)dimension
                : throw _cursor.Fault(item, $"has the dimension {dimension:N0}", $"at most {MessageText.Count(long.MaxValue)}", start);
        }

        return (name, _cursor.UInt32(item), shape, _cursor.UInt64(item), start);
    }

    private void Place(List<(string Name, uint Type, long[] Shape, ulong Offset, long Start)> planned, int alignment)
    {
        long dataStart = Align(_cursor.Position, alignment);
        if (planned.Count > 0 && dataStart > _cursor.Length)
        {
            throw _cursor.Fault("data", $"begins at byte {MessageText.Count(dataStart)}", $"at most {MessageText.Count(_cursor.Length)}, the end of the file",
                nextStep: "The file may be cut short: fetch it again.");
        }

        long next = 0;
        long end = 0;
        foreach ((string name, uint type, long[] shape, ulong offset, long start) in planned)
        {
            string item = $"tensor '{MessageText.Shown(name)}'";
            long bytes = ByteLength(item, type, shape, start);
            if (offset != (ulong)next)
            {
                string rule = offset < (ulong)next ? "tensors must not overlap" : "the data must have no holes";
                throw _cursor.Fault(item, $"begins at byte {offset:N0} of the data", $"{MessageText.Count(next)}, behind the one before: {rule}", start);
            }

            if (bytes > _cursor.Length - dataStart - next)
            {
                string expected = $"at most the {MessageText.Count(Math.Max(0, _cursor.Length - dataStart - next))} that the file still has";
                throw _cursor.Fault(item, $"covers {MessageText.Count(bytes)} bytes", expected, start, "The file may be cut short: fetch it again.");
            }

            _tensors.Add(new GgufTensor(name, type, shape, dataStart + next, bytes));
            end = next + bytes;
            next = Align(end, alignment);
        }

        long used = planned.Count == 0 ? _cursor.Position : dataStart + end;
        if (_cursor.Length > Align(used, alignment))
        {
            throw _cursor.Fault("file", $"has {MessageText.Count(_cursor.Length - used)} bytes behind the last tensor", "padding only", used);
        }
    }

    private long ByteLength(string item, uint type, long[] shape, long start)
    {
        if (!GgufTensorTypes.TryGetBlock(type, out int elements, out int bytes))
        {
            throw _cursor.Fault(item, $"has the encoding {type}", "one that ggml numbers", start, "The file may be newer than this program.");
        }

        if (shape[^1] % elements != 0)
        {
            string found = $"has rows of {MessageText.Count(shape[^1])} elements";
            throw _cursor.Fault(item, found, $"whole blocks of {elements} for {GgufTensorTypes.NameOf(type)}", start);
        }

        // A zero anywhere must not hide an overflow before it.
        UInt128 total = (UInt128)bytes;
        foreach (long dimension in shape)
        {
            total *= (UInt128)Math.Max(1, dimension);
            if (total > (UInt128)long.MaxValue)
            {
                throw _cursor.Fault(item, $"has shape {MessageText.Shape(shape)}", "fewer than 2^60 bytes", start);
            }
        }

        return shape.Contains(0) ? 0 : (long)(total / (UInt128)elements);
    }

    /// <summary>The next multiple of the alignment.</summary>
    public static long Align(long position, int alignment) => checked(position + alignment - 1) / alignment * alignment;
}
