using System.Numerics;

namespace Niwaki.Numerics;

/// <summary>A pseudo-random sequence that depends on its seed alone: the same numbers on every platform and version.</summary>
/// <remarks>
/// xoshiro256** of Blackman and Vigna (2018), its 256 bits of state filled by SplitMix64 from the seed.
/// Not for secrets. Not thread safe.
/// </remarks>
public sealed class SeededRandom
{
    private ulong _s0;
    private ulong _s1;
    private ulong _s2;
    private ulong _s3;

    /// <summary>Starts a sequence.</summary>
    /// <param name="seed">Any value; equal seeds give equal sequences.</param>
    /// <param name="stream">Separates independent sequences of one seed, such as the index of an evaluation.</param>
    public SeededRandom(long seed, long stream = 0)
    {
        ulong state = unchecked((ulong)seed ^ BitOperations.RotateLeft((ulong)stream * 0xD1342543DE82EF95UL, 32));
        _s0 = SplitMix(ref state);
        _s1 = SplitMix(ref state);
        _s2 = SplitMix(ref state);
        _s3 = SplitMix(ref state);
    }

    /// <summary>The next 64 random bits.</summary>
    public ulong NextBits()
    {
        ulong result = BitOperations.RotateLeft(_s1 * 5, 7) * 9;
        ulong t = _s1 << 17;
        _s2 ^= _s0;
        _s3 ^= _s1;
        _s1 ^= _s2;
        _s0 ^= _s3;
        _s2 ^= t;
        _s3 = BitOperations.RotateLeft(_s3, 45);
        return result;
    }

    /// <summary>A number in [0, 1) with 53 random bits.</summary>
    public double NextDouble() => (NextBits() >> 11) * (1.0 / (1L << 53));

    /// <summary>A whole number in [0, <paramref name="limit"/>), every value equally likely.</summary>
    /// <param name="limit">Exclusive upper bound, 1 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException">The limit is below 1.</exception>
    public int NextInt(int limit)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);

        // Lemire (2019): the high word of a product, with the few values that would be too likely drawn again.
        ulong bound = (ulong)limit;
        ulong low = Math.BigMul(NextBits(), bound, out ulong fraction);
        ulong threshold = unchecked(0 - bound) % bound;
        while (fraction < threshold)
        {
            low = Math.BigMul(NextBits(), bound, out fraction);
        }

        return (int)low;
    }

    /// <summary>A number from the normal distribution with mean 0 and standard deviation 1 (Box and Muller, 1958).</summary>
    public double NextNormal()
    {
        double radius = Math.Sqrt(-2 * Math.Log(1 - NextDouble()));
        return radius * Math.Cos(2 * Math.PI * NextDouble());
    }

    /// <summary>Puts the values into a random order, every order equally likely (Fisher and Yates).</summary>
    /// <typeparam name="T">Value.</typeparam>
    /// <param name="values">Values, reordered in place.</param>
    public void Shuffle<T>(Span<T> values)
    {
        for (int i = values.Length - 1; i > 0; i--)
        {
            int j = NextInt(i + 1);
            (values[i], values[j]) = (values[j], values[i]);
        }
    }

    /// <summary>A number that depends on two others, each of its bits on all of theirs: seeds for parts of a whole.</summary>
    /// <param name="seed">Any value.</param>
    /// <param name="part">Any value.</param>
    public static long Mix(long seed, long part)
    {
        ulong state = unchecked((ulong)seed ^ BitOperations.RotateLeft((ulong)part * 0xD1342543DE82EF95UL, 32));
        return unchecked((long)SplitMix(ref state));
    }

    private static ulong SplitMix(ref ulong state)
    {
        state += 0x9E3779B97F4A7C15UL;
        ulong z = state;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return z ^ (z >> 31);
    }
}
