namespace Niwaki.Numerics;

/// <summary>The random sequence of CPython's <c>random.Random(seed)</c>, so that what Python drew can be drawn again.</summary>
/// <remarks>
/// MT19937 of Matsumoto and Nishimura (1998), seeded by its <c>init_by_array</c> with the 32-bit words of the seed, least significant first, as CPython does.
/// Not for secrets. Not thread safe.
/// </remarks>
public sealed class MersenneTwister
{
    private const int StateWords = 624;
    private const int Shift = 397;

    private readonly uint[] _state = new uint[StateWords];
    private int _next = StateWords;

    /// <summary>Starts the sequence of a seed.</summary>
    /// <param name="seed">The seed; its sign does not matter.</param>
    public MersenneTwister(long seed)
    {
        ulong size = seed < 0 ? (ulong)-(seed + 1) + 1 : (ulong)seed;
        uint[] key = size > uint.MaxValue ? [(uint)size, (uint)(size >> 32)] : [(uint)size];
        Fill(19_650_218);
        int i = 1;
        for (int k = 0; k < Math.Max(StateWords, key.Length); k++)
        {
            int j = k % key.Length;
            Mix(i, 1_664_525, unchecked(key[j] + (uint)j), isSum: true);
            i = Following(i);
        }

        for (int k = 0; k < StateWords - 1; k++)
        {
            Mix(i, 1_566_083_941, (uint)i, isSum: false);
            i = Following(i);
        }

        _state[0] = 0x8000_0000;
    }

    /// <summary>The next 32 random bits.</summary>
    public uint NextBits()
    {
        if (_next == StateWords)
        {
            Advance();
        }

        uint y = _state[_next++];
        y ^= y >> 11;
        y ^= (y << 7) & 0x9D2C_5680;
        y ^= (y << 15) & 0xEFC6_0000;
        return y ^ (y >> 18);
    }

    /// <summary>A whole number below a limit, as <c>randrange(limit)</c>: the fewest bits that hold the limit, drawn again where they give it or more.</summary>
    /// <param name="limit">Exclusive upper bound, 1 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException">The limit is below 1.</exception>
    public int NextInt(int limit)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        int bits = 32 - int.LeadingZeroCount(limit);
        uint value;
        do
        {
            value = NextBits() >> (32 - bits);
        }
        while (value >= limit);

        return (int)value;
    }

    /// <summary>Places of different members of a population, in the order drawn, as <c>sample(population, count)</c>.</summary>
    /// <remarks>CPython either keeps a list of those left or draws again what was drawn, whichever takes less memory; the two draw differently.</remarks>
    /// <param name="population">Members, 0 or more.</param>
    /// <param name="count">Members drawn, 0 to <paramref name="population"/>.</param>
    /// <returns>[count] places, 0 to <paramref name="population"/> excluded.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of range.</exception>
    public int[] Sample(int population, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(population);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, population);
        return population <= LargestList(count) ? SampleFromList(population, count) : SampleWithSet(population, count);
    }

    /// <summary>The population up to which a list is kept: 21, the size of a small set, plus that of a table of 4ⁿ entries for more than five.</summary>
    private static double LargestList(int count) => count > 5 ? 21 + Math.Pow(4, Math.Ceiling(Math.Log(count * 3.0) / Math.Log(4))) : 21;

    private int[] SampleFromList(int population, int count)
    {
        int[] left = [.. Enumerable.Range(0, population)];
        int[] drawn = new int[count];
        for (int i = 0; i < count; i++)
        {
            int place = NextInt(population - i);
            drawn[i] = left[place];
            left[place] = left[population - i - 1];
        }

        return drawn;
    }

    private int[] SampleWithSet(int population, int count)
    {
        var seen = new HashSet<int>();
        int[] drawn = new int[count];
        for (int i = 0; i < count; i++)
        {
            do
            {
                drawn[i] = NextInt(population);
            }
            while (!seen.Add(drawn[i]));
        }

        return drawn;
    }

    private void Fill(uint seed)
    {
        _state[0] = seed;
        for (int i = 1; i < StateWords; i++)
        {
            _state[i] = unchecked((1_812_433_253 * (_state[i - 1] ^ (_state[i - 1] >> 30))) + (uint)i);
        }
    }

    private void Mix(int i, uint factor, uint term, bool isSum)
    {
        uint before = _state[i - 1];
        uint mixed = unchecked(_state[i] ^ ((before ^ (before >> 30)) * factor));
        _state[i] = unchecked(isSum ? mixed + term : mixed - term);
    }

    /// <summary>The place behind another; behind the last comes the second, the first takes over the value of the last.</summary>
    private int Following(int i)
    {
        if (i + 1 < StateWords)
        {
            return i + 1;
        }

        _state[0] = _state[StateWords - 1];
        return 1;
    }

    private void Advance()
    {
        for (int i = 0; i < StateWords; i++)
        {
            uint y = (_state[i] & 0x8000_0000) | (_state[(i + 1) % StateWords] & 0x7FFF_FFFF);
            _state[i] = _state[(i + Shift) % StateWords] ^ (y >> 1) ^ ((y & 1) == 0 ? 0 : 0x9908_B0DF);
        }

        _next = 0;
    }
}
