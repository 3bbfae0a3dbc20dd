using System.Runtime.CompilerServices;

namespace Niwaki.Kernels.Cpu;

/// <summary>Elementary functions on registers of float32, each lane on its own.</summary>
internal static class VectorMath
{
    /// <summary>1.5·2^23: added to a small number it leaves the nearest whole number in the low bits, ties to even.</summary>
    public const float RoundingShift = 12582912f;

    /// <summary>The bits of <see cref="RoundingShift"/>.</summary>
    public const int RoundingShiftBits = 0x4B400000;

    private const float Log2E = 1.44269504f;

    // ln 2 in two parts (Cody and Waite): 355/512 has few enough bits that n · 355/512 is exact.
    private const float Ln2High = 355f / 512;
    private const float Ln2Low = -2.12194440e-4f;

    // exp(r) ≈ 1 + r + r²·(C0 + C1·r + ... + C4·r⁴) for |r| ≤ ln(2)/2: minimax by Remez exchange, largest relative error 3.1e-9
    // (scripts/reference/exp_polynomial.py).
    private const float C0 = 0.499999934321f;
    private const float C1 = 0.16666520399f;
    private const float C2 = 0.0416683907835f;
    private const float C3 = 0.00836874510894f;
    private const float C4 = 0.00138145401768f;

    // Below, the result rounds to 0; above, it is ∞.
    private const float ExpLowest = -105;
    private const float ExpHighest = 89;

    // Just above ln(2^-126).
    private const float ExpLowestNormal = -87.3f;

    /// <summary>e^x, at most 1 unit in the last place off where the result is a normal number; exp(-∞) = 0, exp(∞) = ∞, exp(NaN) = NaN.</summary>
    /// <typeparam name="TLanes">Register type.</typeparam>
    /// <param name="x">Any values.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Exp<TLanes>(TLanes x)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        x = TLanes.Min(TLanes.Create(ExpHighest), TLanes.Max(TLanes.Create(ExpLowest), x));
        TLanes power = PowerOfRest(x, out TLanes shifted);
        return TLanes.ScaleByPowerOfTwo(power, shifted);
    }

    /// <summary>e^x for x ≤ 0, as <see cref="Exp{TLanes}"/> but 0 where e^x is no normal number (below -87.3), and a quarter faster.</summary>
    /// <remarks>For sums over a softmax, where such a term is below the resolution of the sum. exp(-∞) = 0, exp(NaN) = NaN.</remarks>
    /// <typeparam name="TLanes">Register type.</typeparam>
    /// <param name="x">Values up to 0, or NaN.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes ExpNonPositive<TLanes>(TLanes x)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        TLanes power = PowerOfRest(x, out TLanes shifted);
        return TLanes.SelectLess(x, TLanes.Create(ExpLowestNormal), TLanes.Create(0), TLanes.ScaleByNormalPowerOfTwo(power, shifted));
    }

    /// <summary>silu(x) = x / (1 + e^-x). silu(∞) = ∞; silu(-∞) and silu(NaN) are NaN, as in x·sigmoid(x).</summary>
    /// <typeparam name="TLanes">Register type.</typeparam>
    /// <param name="x">Any values. Below -88.7 the result is -0 (the exact one is above -3e-37).</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Silu<TLanes>(TLanes x)
        where TLanes : unmanaged, ILanes<TLanes> =>
        x / (TLanes.Create(1) + Exp(TLanes.Create(0) - x));

    /// <summary>The scalar twin of <see cref="Silu{TLanes}"/>.</summary>
    public static float SiluScalar(float x) => x / (1 + MathF.Exp(-x));

    /// <summary>e^r for x = n·ln 2 + r, |r| ≤ ln(2)/2; n is left in the low bits of <paramref name="shifted"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TLanes PowerOfRest<TLanes>(TLanes x, out TLanes shifted)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        TLanes shift = TLanes.Create(RoundingShift);
        shifted = TLanes.MultiplyAdd(x, TLanes.Create(Log2E), shift);
        TLanes n = shifted - shift;
        TLanes r = TLanes.MultiplyAdd(n, TLanes.Create(-Ln2High), x);
        r = TLanes.MultiplyAdd(n, TLanes.Create(-Ln2Low), r);

        TLanes q = TLanes.MultiplyAdd(TLanes.Create(C4), r, TLanes.Create(C3));
        q = TLanes.MultiplyAdd(q, r, TLanes.Create(C2));
        q = TLanes.MultiplyAdd(q, r, TLanes.Create(C1));
        q = TLanes.MultiplyAdd(q, r, TLanes.Create(C0));
        return TLanes.MultiplyAdd(q, r * r, r) + TLanes.Create(1);
    }
}
