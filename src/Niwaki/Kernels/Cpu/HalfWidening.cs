using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Niwaki.Kernels.Cpu;

/// <summary>Exact conversion of IEEE binary16 to binary32 by integer operations (.NET 10 has no F16C intrinsics).</summary>
/// <remarks>
/// The fraction moves up by 13 bits and the exponent gains 127 - 15 = 112. An exponent of 31 (∞, NaN) gains 112 once more and becomes 255.
/// A subnormal number is the fraction of 2^-14: given the exponent of 2^-14 as if it had a leading one, less that one. No step meets a
/// subnormal binary32, which processors handle slowly.
/// </remarks>
internal static class HalfWidening
{
    private const uint Magnitude = 0x7FFF;
    private const uint Sign = 0x8000;
    private const uint SmallestNormal = 0x0400;
    private const uint LargestFinite = 0x7BFF;
    private const uint Rebias = 112u << 23;
    private const uint OneExponent = 1u << 23;
    private const float TwoToMinus14 = 1f / 16384;

    /// <summary>Binary16 in the low halves of 32-bit lanes, high halves zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Widen(Vector512<uint> half)
    {
        Vector512<uint> magnitude = half & Vector512.Create(Magnitude);
        Vector512<uint> normal = (magnitude << 13) + Vector512.Create(Rebias);
        Vector512<uint> special = Vector512.GreaterThan(magnitude.AsInt32(), Vector512.Create((int)LargestFinite)).AsUInt32();
        Vector512<float> subnormal = (normal + Vector512.Create(OneExponent)).AsSingle() - Vector512.Create(TwoToMinus14);
        Vector512<uint> isSubnormal = Vector512.LessThan(magnitude.AsInt32(), Vector512.Create((int)SmallestNormal)).AsUInt32();
        normal += special & Vector512.Create(Rebias);
        Vector512<uint> bits = Vector512.ConditionalSelect(isSubnormal, subnormal.AsUInt32(), normal);
        return (bits | ((half & Vector512.Create(Sign)) << 16)).AsSingle();
    }

    /// <inheritdoc cref="Widen(Vector512{uint})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Widen(Vector256<uint> half)
    {
        Vector256<uint> magnitude = half & Vector256.Create(Magnitude);
        Vector256<uint> normal = (magnitude << 13) + Vector256.Create(Rebias);
        Vector256<uint> special = Vector256.GreaterThan(magnitude.AsInt32(), Vector256.Create((int)LargestFinite)).AsUInt32();
        Vector256<float> subnormal = (normal + Vector256.Create(OneExponent)).AsSingle() - Vector256.Create(TwoToMinus14);
        Vector256<uint> isSubnormal = Vector256.LessThan(magnitude.AsInt32(), Vector256.Create((int)SmallestNormal)).AsUInt32();
        normal += special & Vector256.Create(Rebias);
        Vector256<uint> bits = Vector256.ConditionalSelect(isSubnormal, subnormal.AsUInt32(), normal);
        return (bits | ((half & Vector256.Create(Sign)) << 16)).AsSingle();
    }

    /// <inheritdoc cref="Widen(Vector512{uint})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Widen(Vector128<uint> half)
    {
        Vector128<uint> magnitude = half & Vector128.Create(Magnitude);
        Vector128<uint> normal = (magnitude << 13) + Vector128.Create(Rebias);
        Vector128<uint> special = Vector128.GreaterThan(magnitude.AsInt32(), Vector128.Create((int)LargestFinite)).AsUInt32();
        Vector128<float> subnormal = (normal + Vector128.Create(OneExponent)).AsSingle() - Vector128.Create(TwoToMinus14);
        Vector128<uint> isSubnormal = Vector128.LessThan(magnitude.AsInt32(), Vector128.Create((int)SmallestNormal)).AsUInt32();
        normal += special & Vector128.Create(Rebias);
        Vector128<uint> bits = Vector128.ConditionalSelect(isSubnormal, subnormal.AsUInt32(), normal);
        return (bits | ((half & Vector128.Create(Sign)) << 16)).AsSingle();
    }
}
