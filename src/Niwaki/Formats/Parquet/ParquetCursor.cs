using System.Buffers.Binary;
using System.Text;
using System.Text.Unicode;

namespace Niwaki.Formats.Parquet;

/// <summary>Reads a run of bytes of a file in order, and knows where in the file it is.</summary>
/// <remarks>Structures are in Thrift's compact protocol: numbers of variable length, fields with a type and the distance from the field before.</remarks>
internal sealed class ParquetCursor
{
    /// <summary>Structures inside each other; the format has about six.</summary>
    private const int MostNested = 32;

    private readonly byte[] _bytes;
    private readonly int _end;
    private readonly string _file;
    private readonly long? _position;
    private int _at;

    /// <param name="file">Path of the file, for messages.</param>
    /// <param name="bytes">Bytes.</param>
    /// <param name="position">Where in the file the first of them lies; null: they were packed.</param>
    /// <param name="start">First byte that is read.</param>
    /// <param name="end">Byte behind the last; null: all.</param>
    public ParquetCursor(string file, byte[] bytes, long? position, int start = 0, int? end = null)
    {
        _file = file;
        _bytes = bytes;
        _position = position;
        _at = start;
        _end = end ?? bytes.Length;
    }

    /// <summary>Bytes left.</summary>
    public int Left => _end - _at;

    /// <summary>The error of something that is wrong here.</summary>
    public ModelFormatException Fault(string item, string found, string expected) => new(_file, item, found, expected, _position + _at);

    /// <summary>The error of something that is right, and that this reader cannot read.</summary>
    public UnsupportedModelException Unsupported(string item, string found, string expected, string? nextStep = null) => new(_file, item, found, expected, nextStep);

    /// <summary>The next bytes, which must be there.</summary>
    public ReadOnlySpan<byte> Take(long count, string item)
    {
        if (count < 0 || count > Left)
        {
            throw Fault(item, $"has {MessageText.Count(count)} bytes", $"0 to {MessageText.Count(Left)}, what is left");
        }

        _at += (int)count;
        return _bytes.AsSpan(_at - (int)count, (int)count);
    }

    /// <summary>The next bytes as a cursor of their own.</summary>
    public ParquetCursor Part(long count, string item)
    {
        int start = _at;
        Take(count, item);
        return new ParquetCursor(_file, _bytes, _position, start, _at);
    }

    /// <summary>Bytes that came out of these, which have no place in the file.</summary>
    public ParquetCursor Unpacked(byte[] bytes) => new(_file, bytes, null);

    /// <summary>A byte.</summary>
    public byte Byte(string item) => Take(1, item)[0];

    /// <summary>Four bytes, least significant first.</summary>
    public int Int32(string item) => BinaryPrimitives.ReadInt32LittleEndian(Take(4, item));

    /// <summary>A number of up to 64 bits, seven to a byte.</summary>
    public ulong Varint(string item)
    {
        ulong value = 0;
        for (int shift = 0; shift < 64; shift += 7)
        {
            byte next = Byte(item);
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }

        throw Fault(item, "has a number of more than 10 bytes", "at most 10");
    }

    /// <summary>A number with its sign in the lowest bit.</summary>
    public long Signed(string item)
    {
        ulong value = Varint(item);
        return (long)(value >> 1) ^ -(long)(value & 1);
    }

    /// <summary>A number with sign in a range.</summary>
    public long Signed(string item, long least, long most)
    {
        long value = Signed(item);
        return value >= least && value <= most ? value : throw Fault(item, $"is {value}", $"{least} to {MessageText.Count(most)}");
    }

    /// <summary>A text in UTF-8.</summary>
    public string Text(string item)
    {
        ReadOnlySpan<byte> bytes = Take((long)Math.Min(Varint(item), int.MaxValue), item);
        return Utf8.IsValid(bytes) ? Encoding.UTF8.GetString(bytes) : throw Fault(item, "is no UTF-8", "a text");
    }

    /// <summary>The head of a list.</summary>
    /// <param name="item">Name in messages.</param>
    /// <param name="type">Type that its elements must have.</param>
    /// <param name="most">Most elements.</param>
    public int List(string item, ThriftType type, int most)
    {
        byte head = Byte(item);
        ulong count = head >> 4 == 15 ? Varint(item) : (ulong)(head >> 4);
        if (count > (ulong)Math.Min(most, Left))
        {
            throw Fault(item, $"has {count} elements", $"at most {MessageText.Count(Math.Min(most, Left))}");
        }

        var found = (ThriftType)(head & 15);
        return count == 0 || found == type ? (int)count : throw Fault(item, $"holds {found}", type.ToString());
    }

    /// <summary>Reads a structure field by field.</summary>
    /// <param name="item">Name in messages.</param>
    /// <param name="read">Reads the field of an id and a type, and says whether it did; the others are passed over.</param>
    public void Structure(string item, Func<int, ThriftType, bool> read)
    {
        int id = 0;
        while (NextField(item, ref id) is var type and not ThriftType.Stop)
        {
            if (!read(id, type))
            {
                Skip(item, type, 0);
            }
        }
    }

    private ThriftType NextField(string item, ref int id)
    {
        byte head = Byte(item);
        var type = (ThriftType)(head & 15);
        if (type == ThriftType.Stop)
        {
            return type;
        }

        id = head >> 4 == 0 ? (int)Signed(item, 1, short.MaxValue) : id + (head >> 4);
        return type <= ThriftType.Structure && id <= short.MaxValue ? type : throw Fault(item, $"has field {id} of type {(int)type}", "a known type");
    }

    private void Skip(string item, ThriftType type, int depth)
    {
        if (depth > MostNested)
        {
            throw Fault(item, $"is nested {depth} deep", $"at most {MostNested}");
        }

        switch (type)
        {
            case ThriftType.True or ThriftType.False:
                break;
            case ThriftType.Byte:
                Take(1, item);
                break;
            case ThriftType.Double:
                Take(8, item);
                break;
            case ThriftType.Binary:
                Take((long)Math.Min(Varint(item), int.MaxValue), item);
                break;
            case ThriftType.List or ThriftType.Set:
                SkipList(item, depth);
                break;
            case ThriftType.Map:
                SkipMap(item, depth);
                break;
            case ThriftType.Structure:
                int id = 0;
                while (NextField(item, ref id) is var inner and not ThriftType.Stop)
                {
                    Skip(item, inner, depth + 1);
                }

                break;
            default:
                Varint(item);
                break;
        }
    }

    private void SkipList(string item, int depth)
    {
        var element = (ThriftType)(_bytes[_at < _end ? _at : throw Fault(item, "ends", "a list")] & 15);
        int count = List(item, element, int.MaxValue);
        for (int i = 0; i < count; i++)
        {
            SkipElement(item, element, depth);
        }
    }

    private void SkipMap(string item, int depth)
    {
        ulong count = Varint(item);
        byte types = count == 0 ? (byte)0 : Byte(item);
        for (ulong i = 0; i < count; i++)
        {
            SkipElement(item, (ThriftType)(types >> 4), depth);
            SkipElement(item, (ThriftType)(types & 15), depth);
        }
    }

    /// <summary>Inside lists a truth value takes a byte.</summary>
    private void SkipElement(string item, ThriftType type, int depth) => Skip(item, type is ThriftType.True or ThriftType.False or ThriftType.Stop ? ThriftType.Byte : type, depth + 1);
}
