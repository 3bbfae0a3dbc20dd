using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Niwaki.Formats.Gguf;

/// <summary>Reads one metadata value with its type in front.</summary>
internal static class GgufValueReader
{
    /// <summary>Arrays inside arrays: the format sets no limit, and no model has any.</summary>
    private const int MaxDepth = 8;

    /// <summary>Elements of one array: sixty times the largest vocabulary seen.</summary>
    private const int MaxElements = 1 << 24;

    public static GgufValue Read(GgufCursor cursor, string item, int maxTextBytes) =>
        Read(cursor, ReadType(cursor, item), item, maxTextBytes, 0);

    private static GgufValue Read(GgufCursor cursor, GgufValueType type, string item, int maxTextBytes, int depth) => GgufValue.Of(type switch
    {
        GgufValueType.String => cursor.Text(item, maxTextBytes),
        GgufValueType.Array => ReadArray(cursor, item, maxTextBytes, depth + 1),
        GgufValueType.Boolean => ReadBoolean(cursor, item),
        GgufValueType.UInt8 => cursor.Take(1, item)[0],
        GgufValueType.Int8 => (sbyte)cursor.Take(1, item)[0],
        GgufValueType.UInt16 => BinaryPrimitives.ReadUInt16LittleEndian(cursor.Take(2, item)),
        GgufValueType.Int16 => BinaryPrimitives.ReadInt16LittleEndian(cursor.Take(2, item)),
        GgufValueType.UInt32 => cursor.UInt32(item),
        GgufValueType.Int32 => (int)cursor.UInt32(item),
        GgufValueType.UInt64 => cursor.UInt64(item),
        GgufValueType.Int64 => (long)cursor.UInt64(item),
        GgufValueType.Float32 => BitConverter.UInt32BitsToSingle(cursor.UInt32(item)),
        _ => BitConverter.UInt64BitsToDouble(cursor.UInt64(item)),
    });

    private static Array ReadArray(GgufCursor cursor, string item, int maxTextBytes, int depth)
    {
        if (depth > MaxDepth)
        {
            throw cursor.Fault(item, $"has more than {MaxDepth} arrays inside each other", $"at most {MaxDepth}");
        }

        GgufValueType type = ReadType(cursor, item);

        // The smallest text takes its length, the smallest array its type and its length.
        int smallest = type switch { GgufValueType.String => 8, GgufValueType.Array => 12, _ => SizeOf(type) };
        int count = cursor.Count($"number of elements of {item}", Math.Min(MaxElements, Math.Max(0, cursor.Length - cursor.Position - sizeof(ulong)) / smallest));
        return type switch
        {
            GgufValueType.UInt8 => Numbers<byte>(cursor, count, item),
            GgufValueType.Int8 => Numbers<sbyte>(cursor, count, item),
            GgufValueType.UInt16 => Numbers<ushort>(cursor, count, item),
            GgufValueType.Int16 => Numbers<short>(cursor, count, item),
            GgufValueType.UInt32 => Numbers<uint>(cursor, count, item),
            GgufValueType.Int32 => Numbers<int>(cursor, count, item),
            GgufValueType.UInt64 => Numbers<ulong>(cursor, count, item),
            GgufValueType.Int64 => Numbers<long>(cursor, count, item),
            GgufValueType.Float32 => Numbers<float>(cursor, count, item),
            GgufValueType.Float64 => Numbers<double>(cursor, count, item),
            GgufValueType.Boolean => Elements(count, () => ReadBoolean(cursor, item)),
            GgufValueType.String => Elements(count, () => cursor.Text(item, maxTextBytes)),
            _ => Elements(count, () => Read(cursor, GgufValueType.Array, item, maxTextBytes, depth)),
        };
    }

    private static T[] Elements<T>(int count, Func<T> read)
    {
        var elements = new T[count];
        for (int i = 0; i < count; i++)
        {
            elements[i] = read();
        }

        return elements;
    }

    /// <summary>Numbers as they lie in the file; this program runs on little-endian machines only.</summary>
    private static T[] Numbers<T>(GgufCursor cursor, int count, string item)
        where T : unmanaged =>
        MemoryMarshal.Cast<byte, T>(cursor.Take(checked(count * System.Runtime.CompilerServices.Unsafe.SizeOf<T>()), item)).ToArray();

    private static bool ReadBoolean(GgufCursor cursor, string item)
    {
        long start = cursor.Position;
        byte value = cursor.Take(1, item)[0];
        return value <= 1 ? value == 1 : throw cursor.Fault(item, $"is the truth value {value}", "0 or 1", start);
    }

    private static GgufValueType ReadType(GgufCursor cursor, string item)
    {
        long start = cursor.Position;
        uint type = cursor.UInt32($"type of {item}");
        return type <= (uint)GgufValueType.Float64
            ? (GgufValueType)type
            : throw cursor.Fault(item, $"has the type {type}", $"0 to {(int)GgufValueType.Float64}", start);
    }

    private static int SizeOf(GgufValueType type) => type switch
    {
        GgufValueType.UInt8 or GgufValueType.Int8 or GgufValueType.Boolean => 1,
        GgufValueType.UInt16 or GgufValueType.Int16 => 2,
        GgufValueType.UInt64 or GgufValueType.Int64 or GgufValueType.Float64 => 8,
        _ => 4,
    };
}
