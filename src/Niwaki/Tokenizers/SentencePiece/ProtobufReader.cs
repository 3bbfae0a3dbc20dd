using Niwaki.Formats;

namespace Niwaki.Tokenizers.SentencePiece;

/// <summary>Reads the fields of one message in the wire format of Protocol Buffers, from memory, without trust in any length.</summary>
/// <remarks>Field by field: <see cref="TryReadField"/>, then exactly one of the read methods or <see cref="Skip"/>.</remarks>
internal ref struct ProtobufReader
{
    private const int Varint = 0;
    private const int Fixed64 = 1;
    private const int Bytes = 2;
    private const int Fixed32 = 5;

    private readonly ReadOnlySpan<byte> _message;
    private readonly string _file;
    private readonly long _offset;
    private int _position;
    private int _wireType;

    /// <summary>Starts at the beginning of a message.</summary>
    /// <param name="message">The message.</param>
    /// <param name="file">Path of the file, for errors.</param>
    /// <param name="offset">Where in the file the message begins, in bytes.</param>
    public ProtobufReader(ReadOnlySpan<byte> message, string file, long offset = 0)
    {
        _message = message;
        _file = file;
        _offset = offset;
    }

    /// <summary>Place of the next byte in the file.</summary>
    public readonly long BytePosition => _offset + _position;

    /// <summary>Number of the current field, 1 or more.</summary>
    public int Field { get; private set; }

    /// <summary>Goes to the next field.</summary>
    /// <returns>False at the end of the message.</returns>
    /// <exception cref="ModelFormatException">The key is broken.</exception>
    public bool TryReadField()
    {
        if (_position == _message.Length)
        {
            return false;
        }

        long start = BytePosition;
        ulong key = ReadVarint();
        ulong field = key >> 3;
        _wireType = (int)(key & 7);
        if (field is 0 or > (1 << 29) - 1 || _wireType is not (Varint or Fixed64 or Bytes or Fixed32))
        {
            throw Fault("field key", $"is {key}", "a field number from 1 to 536,870,911 and wire type 0, 1, 2 or 5", start);
        }

        Field = (int)field;
        return true;
    }

    /// <summary>Reads a whole number; negative ones are written in 64 bits.</summary>
    public int ReadInt32()
    {
        long start = BytePosition;
        Expect(Varint);
        long value = unchecked((long)ReadVarint());
        return value is >= int.MinValue and <= int.MaxValue
            ? (int)value
            : throw Fault($"field {Field}", $"is {value}", "a number of 32 bits", start);
    }

    /// <summary>Reads a truth value.</summary>
    public bool ReadBoolean()
    {
        Expect(Varint);
        return ReadVarint() != 0;
    }

    /// <summary>Reads a number of 32 bits, finite or not.</summary>
    public float ReadSingle()
    {
        Expect(Fixed32);
        return System.Buffers.Binary.BinaryPrimitives.ReadSingleLittleEndian(Take(4));
    }

    /// <summary>Reads a string or an inner message.</summary>
    public ReadOnlySpan<byte> ReadBytes()
    {
        Expect(Bytes);
        long start = BytePosition;
        ulong length = ReadVarint();
        int rest = _message.Length - _position;
        return length <= (ulong)rest
            ? Take((int)length)
            : throw Fault($"field {Field}", $"has {length} bytes", $"at most the {rest} that are left", start);
    }

    /// <summary>Passes over a field of any type.</summary>
    public void Skip()
    {
        switch (_wireType)
        {
            case Varint:
                ReadVarint();
                break;
            case Bytes:
                ReadBytes();
                break;
            default:
                Take(_wireType == Fixed64 ? 8 : 4);
                break;
        }
    }

    /// <summary>An error at a place of the file.</summary>
    public readonly ModelFormatException Fault(string item, string found, string expected, long bytePosition) =>
        new(_file, item, found, expected, bytePosition);

    private readonly void Expect(int wireType)
    {
        if (_wireType != wireType)
        {
            throw Fault($"field {Field}", $"has wire type {_wireType}", $"wire type {wireType}", BytePosition);
        }
    }

    private ReadOnlySpan<byte> Take(int length)
    {
        if (length > _message.Length - _position)
        {
            throw Fault($"field {Field}", $"needs {length} bytes", $"at most the {_message.Length - _position} that are left", BytePosition);
        }

        ReadOnlySpan<byte> bytes = _message.Slice(_position, length);
        _position += length;
        return bytes;
    }

    private ulong ReadVarint()
    {
        long start = BytePosition;
        ulong value = 0;
        for (int shift = 0; shift < 64 && _position < _message.Length; shift += 7)
        {
            byte part = _message[_position++];
            value |= (ulong)(part & 0x7F) << shift;
            if (part < 0x80)
            {
                // The tenth byte holds the 64th bit only.
                return shift < 63 || part <= 1 ? value : throw Fault("number", "overflows 64 bits", "at most 64 bits", start);
            }
        }

        throw Fault("number", "does not end", "a last byte below 128 within 10 bytes", start);
    }
}
