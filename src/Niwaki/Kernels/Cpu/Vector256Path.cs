using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Niwaki.Kernels.Cpu;

/// <summary>256-bit registers.</summary>
internal readonly unsafe struct Vector256Path : IVectorPath<Vector256<float>>
{
    public static int Lanes => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load(float* source) => Vector256.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector256<float> value, float* target) => value.Store(target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Broadcast(float value) => Vector256.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Add(Vector256<float> a, Vector256<float> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Multiply(Vector256<float> a, Vector256<float> b) => a * b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> FusedMultiplyAdd(Vector256<float> a, Vector256<float> b, Vector256<float> c) =>
        Vector256.FusedMultiplyAdd(a, b, c);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void WidenBF16Pairs(uint* pairs, out Vector256<float> lower, out Vector256<float> upper)
    {
        Vector256<uint> both = Vector256.Load(pairs);
        lower = Vector256.ShiftLeft(both, 16).AsSingle();
        upper = (both & Vector256.Create(0xFFFF0000u)).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void WidenF16Pairs(uint* pairs, out Vector256<float> lower, out Vector256<float> upper)
    {
        Vector256<uint> both = Vector256.Load(pairs);
        lower = HalfWidening.Widen(both & Vector256.Create(0xFFFFu));
        upper = HalfWidening.Widen(both >> 16);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> WidenBytes(sbyte* source)
    {
        if (Avx2.IsSupported)
        {
            return Vector256.ConvertToSingle(Avx2.ConvertToVector256Int32(source));
        }

        Vector128Pair pair = Vector128Path.WidenBytes(source);
        return Vector256.Create(pair.Low, pair.High);
    }
}
