using System.Numerics;

namespace Niwaki.Formats.Parquet;

/// <summary>Reads small numbers in runs: either one repeated, or some packed bit by bit.</summary>
internal static class ParquetLevels
{
    /// <summary>Reads numbers.</summary>
    /// <param name="cursor">Bytes.</param>
    /// <param name="width">Bits of a number, 0 to 32.</param>
    /// <param name="count">Numbers.</param>
    /// <param name="most">Largest number allowed.</param>
    /// <param name="item">Name in messages.</param>
    public static int[] Read(ParquetCursor cursor, int width, int count, int most, string item)
    {
        int[] numbers = new int[count];
        int at = 0;
        while (at < count)
        {
            ulong head = cursor.Varint(item);
            long length = (long)Math.Min(head >> 1, 1L << 40);
            if ((head & 1) == 0)
            {
                long value = 0;
                for (int i = 0; i < (width + 7) / 8; i++)
                {
                    value |= (long)cursor.Byte(item) << (8 * i);
                }

                if (length == 0)
                {
                    throw cursor.Fault(item, "has a run of 0 numbers", "1 or more");
                }

                int run = (int)Math.Min(length, count - at);
                numbers.AsSpan(at, run).Fill(Checked(cursor, value, most, item));
                at += run;
            }
            else
            {
                at += ReadPacked(cursor, width, length, numbers.AsSpan(at), most, item);
            }
        }

        return numbers;
    }

    /// <summary>Bits that hold a number and all below it.</summary>
    public static int WidthOf(int most) => 32 - BitOperations.LeadingZeroCount((uint)most);

    private static int ReadPacked(ParquetCursor cursor, int width, long groups, Span<int> numbers, int most, string item)
    {
        // Groups of eight; the last one may be longer than what is asked for.
        ReadOnlySpan<byte> bytes = cursor.Take(Math.Min(groups * width, int.MaxValue), item);
        int count = (int)Math.Min(groups * 8, numbers.Length);
        if (count == 0)
        {
            throw cursor.Fault(item, "has a run of 0 numbers", "1 or more");
        }

        for (int i = 0; i < count; i++)
        {
            long value = 0;
            for (int bit = 0; bit < width; bit++)
            {
                long place = ((long)i * width) + bit;
                value |= (long)((bytes[(int)(place >> 3)] >> (int)(place & 7)) & 1) << bit;
            }

            numbers[i] = Checked(cursor, value, most, item);
        }

        return count;
    }

    private static int Checked(ParquetCursor cursor, long value, int most, string item) =>
        value <= most ? (int)value : throw cursor.Fault(item, $"holds {value}", $"0 to {most}");
}
