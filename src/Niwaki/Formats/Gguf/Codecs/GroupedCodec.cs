namespace Niwaki.Formats.Gguf.Codecs;

/// <summary>Q4_K, Q5_K and Q6_K: blocks of 256 numbers in groups that have small scales of their own. Decoding only.</summary>
internal static class GroupedCodec
{
    private const int Group = 32;
    private const int Groups = 8;

    /// <summary>Q4_K and Q5_K: x = (d·s)·q − dmin·m for every group of 32, with 6-bit s and m; two groups share 32 bytes of lower bits.</summary>
    public static void DecodeWithMinima(ReadOnlySpan<byte> block, Span<float> values, bool hasFifthBits)
    {
        float scale = BlockScale.Read(block);
        float minimum = BlockScale.Read(block[2..]);
        ReadOnlySpan<byte> small = block.Slice(4, 12);
        ReadOnlySpan<byte> fifth = hasFifthBits ? block.Slice(16, Group) : [];
        ReadOnlySpan<byte> lower = block[(hasFifthBits ? 16 + Group : 16)..];
        for (int group = 0; group < Groups; group++)
        {
            (int s, int m) = SmallPair(small, group);
            float groupScale = scale * s;
            float groupMinimum = minimum * m;
            ReadOnlySpan<byte> pairs = lower.Slice(group / 2 * Group, Group);
            for (int i = 0; i < Group; i++)
            {
                int number = group % 2 == 0 ? pairs[i] & 15 : pairs[i] >> 4;
                if (hasFifthBits)
                {
                    number |= ((fifth[i] >> group) & 1) << 4;
                }

                values[(group * Group) + i] = (groupScale * number) - groupMinimum;
            }
        }
    }

    /// <summary>Q6_K: x = (d·s)·(q − 32) for every group of 16, with 8-bit s; four bits of q in one place and two in another.</summary>
    public static void DecodeSixBit(ReadOnlySpan<byte> block, Span<float> values)
    {
        const int Half = 128;
        float scale = BlockScale.Read(block[208..]);
        for (int half = 0; half < 2; half++)
        {
            ReadOnlySpan<byte> lower = block.Slice(half * 64, 64);
            ReadOnlySpan<byte> upper = block.Slice(Half + (half * Group), Group);
            ReadOnlySpan<byte> small = block.Slice(192 + (half * 8), 8);
            for (int i = 0; i < Half; i++)
            {
                int part = i / Group; // 0 and 1 in the lower halves of the 64 bytes, 2 and 3 in the upper halves
                int place = i % Group;
                int four = (lower[place + (part % 2 * Group)] >> (part / 2 * 4)) & 15;
                int two = (upper[place] >> (2 * part)) & 3;
                values[(half * Half) + i] = scale * (sbyte)small[i / 16] * (four + (two << 4) - 32);
            }
        }
    }

    /// <summary>Scale and minimum of a group out of 12 bytes: the first four pairs whole, of the others the upper two bits in those of the first four.</summary>
    private static (int Scale, int Minimum) SmallPair(ReadOnlySpan<byte> small, int group) => group < 4
        ? (small[group] & 63, small[group + 4] & 63)
        : ((small[group + 4] & 15) | (small[group - 4] >> 6 << 4), (small[group + 4] >> 4) | (small[group] >> 6 << 4));
}
