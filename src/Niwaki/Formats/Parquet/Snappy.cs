namespace Niwaki.Formats.Parquet;

/// <summary>Unpacks Snappy's raw format: a length, then runs of literal bytes and copies of earlier ones.</summary>
internal static class Snappy
{
    /// <summary>Unpacks bytes.</summary>
    /// <param name="packed">Bytes; read to their end.</param>
    /// <param name="size">Bytes that they must give.</param>
    public static byte[] Unpack(ParquetCursor packed, int size)
    {
        ulong stated = packed.Varint("snappy");
        if (stated != (ulong)size)
        {
            throw packed.Fault("snappy", $"says {stated} bytes", $"{size}, as the page");
        }

        byte[] target = new byte[size];
        int at = 0;
        while (packed.Left > 0)
        {
            byte tag = packed.Byte("snappy");
            if ((tag & 3) == 0)
            {
                ReadOnlySpan<byte> literal = packed.Take(LiteralLength(packed, tag >> 2), "snappy literal");
                ThrowIfBeyond(packed, at, literal.Length, size);
                literal.CopyTo(target.AsSpan(at));
                at += literal.Length;
            }
            else
            {
                (int length, long offset) = Copy(packed, tag);
                ThrowIfBeyond(packed, at, length, size);
                if (offset < 1 || offset > at)
                {
                    throw packed.Fault("snappy copy", $"begins {offset} bytes back", $"1 to {at}");
                }

                // Byte by byte: a copy may reach into what it writes.
                for (int i = 0; i < length; i++, at++)
                {
                    target[at] = target[at - (int)offset];
                }
            }
        }

        return at == size ? target : throw packed.Fault("snappy", $"gives {at} bytes", $"{size}");
    }

    private static long LiteralLength(ParquetCursor packed, int code)
    {
        if (code < 60)
        {
            return code + 1;
        }

        long length = 0;
        for (int i = 0; i < code - 59; i++)
        {
            length |= (long)packed.Byte("snappy") << (8 * i);
        }

        return length + 1;
    }

    private static (int Length, long Offset) Copy(ParquetCursor packed, byte tag)
    {
        if ((tag & 3) == 1)
        {
            return (4 + ((tag >> 2) & 7), ((tag >> 5) << 8) | packed.Byte("snappy"));
        }

        long offset = packed.Byte("snappy") | ((long)packed.Byte("snappy") << 8);
        if ((tag & 3) == 3)
        {
            offset |= ((long)packed.Byte("snappy") << 16) | ((long)packed.Byte("snappy") << 24);
        }

        return (1 + (tag >> 2), offset);
    }

    private static void ThrowIfBeyond(ParquetCursor packed, int at, int length, int size)
    {
        if (length > size - at)
        {
            throw packed.Fault("snappy", $"gives {(long)at + length} bytes", $"{size}");
        }
    }
}
