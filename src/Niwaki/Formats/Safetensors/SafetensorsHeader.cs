using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Niwaki.Formats.Safetensors;

/// <summary>Reads the JSON header of a safetensors file and checks every field of it against the length of the file.</summary>
/// <remarks>
/// A file is an 8-byte little-endian header length, the header, and the data. The header maps each tensor name to <c>dtype</c>,
/// <c>shape</c> and <c>data_offsets</c> [begin, end) counted from the start of the data; <c>__metadata__</c> maps texts to texts.
/// The tensors must cover the data exactly, without gaps and overlaps.
/// </remarks>
internal sealed class SafetensorsHeader
{
    /// <summary>Bytes of the length field.</summary>
    public const int LengthBytes = 8;

    /// <summary>Largest header the format allows.</summary>
    public const long MaxHeaderBytes = 100_000_000;

    /// <summary>The one name that is not a tensor.</summary>
    public const string MetadataName = "__metadata__";

    /// <summary>More than any weight has; keeps a hostile shape from growing.</summary>
    public const int MaxDimensions = 16;

    private readonly string _file;
    private readonly long _dataStart;
    private readonly long _dataBytes;
    private readonly List<SafetensorsEntry> _entries = [];
    private readonly Dictionary<string, string> _metadata = new(StringComparer.Ordinal);

    private SafetensorsHeader(string file, long headerBytes, long fileBytes)
    {
        _file = file;
        _dataStart = LengthBytes + headerBytes;
        _dataBytes = fileBytes - _dataStart;
    }

    /// <summary>The tensors in the order of their bytes.</summary>
    public IReadOnlyList<SafetensorsEntry> Entries => _entries;

    /// <summary>The texts under <c>__metadata__</c>; empty when the file has none.</summary>
    public IReadOnlyDictionary<string, string> Metadata => _metadata;

    /// <summary>Checks the length field.</summary>
    /// <param name="lengthField">The first 8 bytes of the file, or all of a shorter file.</param>
    /// <param name="fileBytes">Bytes of the file.</param>
    /// <param name="file">Path that errors name.</param>
    /// <returns>Bytes of the header; the file holds at least that many after the field.</returns>
    public static int ReadLength(ReadOnlySpan<byte> lengthField, long fileBytes, string file)
    {
        if (lengthField.Length < LengthBytes)
        {
            string found = fileBytes == 0 ? "is empty" : $"has {fileBytes} bytes";
            throw new ModelFormatException(file, "file", found, "at least the 8 bytes of the header length", 0);
        }

        ulong length = System.Buffers.Binary.BinaryPrimitives.ReadUInt64LittleEndian(lengthField);
        if (length is < 2 or > MaxHeaderBytes)
        {
            string found = "is " + length.ToString("N0", CultureInfo.InvariantCulture);
            throw new ModelFormatException(file, "header length", found, $"2 to {MessageText.Count(MaxHeaderBytes)} bytes", 0);
        }

        if ((long)length > fileBytes - LengthBytes)
        {
            string found = $"is {MessageText.Count((long)length)}";
            string expected = $"at most the {MessageText.Count(fileBytes - LengthBytes)} bytes that follow";
            throw new ModelFormatException(file, "header length", found, expected, 0, "The file may be cut short: fetch it again.");
        }

        return (int)length;
    }

    /// <summary>Reads the header.</summary>
    /// <param name="json">The header, padding included.</param>
    /// <param name="fileBytes">Bytes of the file.</param>
    /// <param name="file">Path that errors name.</param>
    public static SafetensorsHeader Parse(ReadOnlySpan<byte> json, long fileBytes, string file)
    {
        var header = new SafetensorsHeader(file, json.Length, fileBytes);
        if (json[0] != (byte)'{')
        {
            throw header.Fault("header", $"starts with byte 0x{json[0]:X2}", "a JSON object, '{'", 0);
        }

        StrictJson.Check(json, file, LengthBytes);
        var reader = new Utf8JsonReader(json);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string name = reader.GetString()!;
            reader.Read();
            if (name == MetadataName)
            {
                header.ReadMetadata(ref reader);
            }
            else
            {
                header.ReadTensor(ref reader, name);
            }
        }

        header.CheckCoverage();
        return header;
    }

    private void ReadMetadata(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw Fault($"'{MetadataName}'", $"is {Shown(ref reader)}", "an object of texts", reader.TokenStartIndex);
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string name = reader.GetString()!;
            reader.Read();
            if (reader.TokenType != JsonTokenType.String)
            {
                throw Fault($"'{MetadataName}.{MessageText.Shown(name)}'", $"is {Shown(ref reader)}", "a text", reader.TokenStartIndex);
            }

            _metadata.Add(name, reader.GetString()!);
        }
    }

    private void ReadTensor(ref Utf8JsonReader reader, string name)
    {
        long start = reader.TokenStartIndex;
        string item = $"tensor '{MessageText.Shown(name)}'";
        if (name.Length == 0)
        {
            throw Fault(item, "has no name", "one of 1 character or more", start);
        }

        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw Fault(item, $"is {Shown(ref reader)}", "an object with 'dtype', 'shape' and 'data_offsets'", start);
        }

        string? dataType = null;
        List<long>? shape = null;
        List<long>? offsets = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            long fieldStart = reader.TokenStartIndex;
            string field = reader.GetString()!;
            reader.Read();
            switch (field)
            {
                case "dtype":
                    dataType = ReadDataType(ref reader, item);
                    break;
                case "shape":
                    shape = ReadCounts(ref reader, item, "'shape'", MaxDimensions);
                    break;
                case "data_offsets":
                    offsets = ReadCounts(ref reader, item, "'data_offsets'", 2);
                    break;
                default:
                    throw Fault(item, $"has the field '{MessageText.Shown(field)}'", "'dtype', 'shape' and 'data_offsets' only", fieldStart);
            }
        }

        if (dataType is null || shape is null || offsets is null)
        {
            string missing = dataType is null ? "dtype" : shape is null ? "shape" : "data_offsets";
            throw Fault(item, $"has no '{missing}'", "'dtype', 'shape' and 'data_offsets'", start);
        }

        AddEntry(name, dataType, shape, offsets, start);
    }

    private string ReadDataType(ref Utf8JsonReader reader, string item)
    {
        string? dataType = reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
        return dataType is not null && SafetensorsDataType.TryGetBits(dataType, out _)
            ? dataType
            : throw Fault(item, $"has 'dtype' {Shown(ref reader)}", $"one of {SafetensorsDataType.Names}", reader.TokenStartIndex);
    }

    private List<long> ReadCounts(ref Utf8JsonReader reader, string item, string field, int maxCount)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            throw Fault(item, $"has {field} {Shown(ref reader)}", "a list of whole numbers", reader.TokenStartIndex);
        }

        var counts = new List<long>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (counts.Count == maxCount)
            {
                throw Fault(item, $"has more than {maxCount} numbers in {field}", $"at most {maxCount}", reader.TokenStartIndex);
            }

            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out long count) || count < 0)
            {
                string expected = $"a whole number from 0 to {MessageText.Count(long.MaxValue)}";
                throw Fault(item, $"has {Shown(ref reader)} in {field}", expected, reader.TokenStartIndex);
            }

            counts.Add(count);
        }

        return counts;
    }

    private void AddEntry(string name, string dataType, List<long> shape, List<long> offsets, long start)
    {
        string item = $"tensor '{MessageText.Shown(name)}'";
        if (offsets.Count != 2)
        {
            throw Fault(item, $"has {offsets.Count} numbers in 'data_offsets'", "2, begin and end", start);
        }

        (long begin, long end) = (offsets[0], offsets[1]);
        if (begin > end)
        {
            string found = $"begins at byte {MessageText.Count(begin)} of the data and ends at {MessageText.Count(end)}";
            throw Fault(item, found, "an end that is not before the begin", start);
        }

        if (end > _dataBytes)
        {
            string found = $"ends at byte {MessageText.Count(end)} of the data";
            string expected = $"at most {MessageText.Count(_dataBytes)}, the end of the file";
            throw Fault(item, found, expected, start, "The file may be cut short: fetch it again.");
        }

        SafetensorsDataType.TryGetBits(dataType, out int bits);
        long? byteLength = SafetensorsDataType.ByteLength(bits, shape);
        if (byteLength is not long bytes)
        {
            throw Fault(item, $"has shape {MessageText.Shape(shape)}", $"a whole number of bytes below 2^60 for {dataType}", start);
        }

        if (bytes != end - begin)
        {
            string expected = $"{MessageText.Count(bytes)} for {dataType} {MessageText.Shape(shape)}";
            throw Fault(item, $"covers {MessageText.Count(end - begin)} bytes", expected, start);
        }

        _entries.Add(new SafetensorsEntry(name, dataType, shape.AsReadOnly(), _dataStart + begin, bytes));
    }

    /// <summary>Sorts the tensors by place and checks that each begins where the one before ends.</summary>
    private void CheckCoverage()
    {
        // Empty tensors share their place with the tensor behind them: the shorter one comes first. Names make the order unique.
        _entries.Sort((a, b) =>
        {
            int order = a.ByteOffset.CompareTo(b.ByteOffset);
            order = order != 0 ? order : a.ByteLength.CompareTo(b.ByteLength);
            return order != 0 ? order : string.CompareOrdinal(a.Name, b.Name);
        });

        long covered = _dataStart;
        foreach (SafetensorsEntry entry in _entries)
        {
            if (entry.ByteOffset != covered)
            {
                string found = $"begins at byte {MessageText.Count(entry.ByteOffset - _dataStart)} of the data";
                string rule = entry.ByteOffset < covered ? "tensors must not overlap" : "the data must have no holes";
                string expected = $"{MessageText.Count(covered - _dataStart)}, where the one before ends: {rule}";
                throw new ModelFormatException(_file, $"tensor '{MessageText.Shown(entry.Name)}'", found, expected, entry.ByteOffset);
            }

            covered += entry.ByteLength;
        }

        if (covered != _dataStart + _dataBytes)
        {
            string found = $"has {MessageText.Count(_dataStart + _dataBytes - covered)} bytes behind the last tensor";
            throw new ModelFormatException(_file, "file", found, "none", covered);
        }
    }

    private static string Shown(ref Utf8JsonReader reader) => reader.TokenType switch
    {
        JsonTokenType.StartObject => "an object",
        JsonTokenType.StartArray => "a list",
        JsonTokenType.String => $"\"{MessageText.Shown(reader.GetString()!)}\"",
        _ => MessageText.Shown(Encoding.UTF8.GetString(reader.ValueSpan)),
    };

    private ModelFormatException Fault(string item, string found, string expected, long headerPosition, string? nextStep = null) =>
        new(_file, item, found, expected, LengthBytes + headerPosition, nextStep);
}
