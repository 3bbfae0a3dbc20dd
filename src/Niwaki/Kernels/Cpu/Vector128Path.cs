using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Niwaki.Kernels.Cpu;

/// <summary>128-bit registers in pairs: a tile of 6 × 16 takes 24 of Arm's 32.</summary>
internal readonly unsafe struct Vector128Path : IVectorPath<Vector128Pair>
{
    public static int Lanes => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128Pair Load(float* source) => new(Vector128.Load(source), Vector128.Load(source + 4));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector128Pair value, float* target)
    {
        value.Low.Store(target);
        value.High.Store(target + 4);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128Pair Broadcast(float value)
    {
        Vector128<float> all = Vector128.Create(value);
        return new Vector128Pair(all, all);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128Pair Add(Vector128Pair a, Vector128Pair b) => new(a.Low + b.Low, a.High + b.High);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128Pair Multiply(Vector128Pair a, Vector128Pair b) => new(a.Low * b.Low, a.High * b.High);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128Pair FusedMultiplyAdd(Vector128Pair a, Vector128Pair b, Vector128Pair c) =>
        new(Vector128.FusedMultiplyAdd(a.Low, b.Low, c.Low), Vector128.FusedMultiplyAdd(a.High, b.High, c.High));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void WidenBF16Pairs(uint* pairs, out Vector128Pair lower, out Vector128Pair upper)
    {
        Vector128<uint> first = Vector128.Load(pairs);
        Vector128<uint> second = Vector128.Load(pairs + 4);
        var mask = Vector128.Create(0xFFFF0000u);
        lower = new Vector128Pair(Vector128.ShiftLeft(first, 16).AsSingle(), Vector128.ShiftLeft(second, 16).AsSingle());
        upper = new Vector128Pair((first & mask).AsSingle(), (second & mask).AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void WidenF16Pairs(uint* pairs, out Vector128Pair lower, out Vector128Pair upper)
    {
        Vector128<uint> first = Vector128.Load(pairs);
        Vector128<uint> second = Vector128.Load(pairs + 4);
        var mask = Vector128.Create(0xFFFFu);
        lower = new Vector128Pair(HalfWidening.Widen(first & mask), HalfWidening.Widen(second & mask));
        upper = new Vector128Pair(HalfWidening.Widen(first >> 16), HalfWidening.Widen(second >> 16));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128Pair WidenBytes(sbyte* source)
    {
        Vector128<short> eight = Vector128.WidenLower(Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<ulong>(source)).AsSByte());
        (Vector128<int> low, Vector128<int> high) = Vector128.Widen(eight);
        return new Vector128Pair(Vector128.ConvertToSingle(low), Vector128.ConvertToSingle(high));
    }
}
