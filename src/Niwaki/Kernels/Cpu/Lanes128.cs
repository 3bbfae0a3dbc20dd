using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Niwaki.Kernels.Cpu;

/// <summary>Four lanes: Arm AdvSimd, and x86 without AVX2.</summary>
internal readonly unsafe struct Lanes128 : ILanes<Lanes128>
{
    private readonly Vector128<float> _value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Lanes128(Vector128<float> value) => _value = value;

    public static int Count => 4;

    public static Lanes128 Indices => new(Vector128.Create(0f, 1, 2, 3));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Create(float value) => new(Vector128.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Load(float* address) => new(Vector128.Load(address));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(float* address) => _value.Store(address);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 operator +(Lanes128 a, Lanes128 b) => new(a._value + b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 operator -(Lanes128 a, Lanes128 b) => new(a._value - b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 operator *(Lanes128 a, Lanes128 b) => new(a._value * b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 operator /(Lanes128 a, Lanes128 b) => new(a._value / b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 MultiplyAdd(Lanes128 a, Lanes128 b, Lanes128 c) => new(Vector128.MultiplyAddEstimate(a._value, b._value, c._value));

    // The x86 instructions return their second operand where an operand is NaN, those of Arm always return NaN.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Max(Lanes128 a, Lanes128 b) => new(Vector128.MaxNative(a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Min(Lanes128 a, Lanes128 b) => new(Vector128.MinNative(a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 SelectLess(Lanes128 a, Lanes128 b, Lanes128 then, Lanes128 otherwise) =>
        new(Vector128.ConditionalSelect(Vector128.LessThan(a._value, b._value), then._value, otherwise._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 ScaleByPowerOfTwo(Lanes128 value, Lanes128 shifted)
    {
        // The low bits of the shifted number are n. Two factors of about 2^(n/2), because 2^128 and 2^-150 are no float32 themselves.
        Vector128<int> n = shifted._value.AsInt32() - Vector128.Create(VectorMath.RoundingShiftBits);
        Vector128<int> half = Vector128.ShiftRightArithmetic(n, 1);
        Vector128<int> bias = Vector128.Create(127);
        Vector128<float> first = Vector128.ShiftLeft(half + bias, 23).AsSingle();
        Vector128<float> second = Vector128.ShiftLeft(n - half + bias, 23).AsSingle();
        return new(value._value * first * second);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 ScaleByNormalPowerOfTwo(Lanes128 value, Lanes128 shifted)
    {
        // The low bits of the shifted number are n, the others leave the register.
        Vector128<int> exponent = Vector128.ShiftLeft(shifted._value.AsInt32() + Vector128.Create(127), 23);
        return new(value._value * exponent.AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float SumAcross(Lanes128 value)
    {
        Vector128<float> v = value._value;
        return (v.GetElement(0) + v.GetElement(2)) + (v.GetElement(1) + v.GetElement(3));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float MaxAcross(Lanes128 value)
    {
        Vector128<float> v = value._value;
        return MathF.Max(MathF.Max(v.GetElement(0), v.GetElement(2)), MathF.Max(v.GetElement(1), v.GetElement(3)));
    }

    /// <summary>Wraps a register, such as a half of a wider one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Lanes128 From(Vector128<float> value) => new(value);
}
