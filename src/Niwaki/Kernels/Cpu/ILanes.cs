namespace Niwaki.Kernels.Cpu;

/// <summary>A register of float32 lanes: what a row kernel needs, so that one source serves 512, 256 and 128 bits.</summary>
/// <remarks>
/// The JIT specialises a kernel for each width and leaves plain vector instructions. Every operation works lane by lane except
/// <see cref="SumAcross"/> and <see cref="MaxAcross"/>, whose order is fixed.
/// </remarks>
/// <typeparam name="TSelf">The register type.</typeparam>
internal unsafe interface ILanes<TSelf>
    where TSelf : unmanaged, ILanes<TSelf>
{
    /// <summary>Lanes of a register.</summary>
    public static abstract int Count { get; }

    /// <summary>0, 1, 2, ...</summary>
    public static abstract TSelf Indices { get; }

    /// <summary>The same value in every lane.</summary>
    public static abstract TSelf Create(float value);

    /// <summary>Reads <see cref="Count"/> values; the address need not be aligned.</summary>
    public static abstract TSelf Load(float* address);

    /// <summary>Writes <see cref="Count"/> values; the address need not be aligned.</summary>
    public void Store(float* address);

    public static abstract TSelf operator +(TSelf a, TSelf b);

    public static abstract TSelf operator -(TSelf a, TSelf b);

    public static abstract TSelf operator *(TSelf a, TSelf b);

    public static abstract TSelf operator /(TSelf a, TSelf b);

    /// <summary>a·b + c, with one rounding where the processor has a fused instruction.</summary>
    public static abstract TSelf MultiplyAdd(TSelf a, TSelf b, TSelf c);

    /// <summary>The larger one; where <paramref name="b"/> is NaN the result is NaN, where only <paramref name="a"/> is, it is not defined.</summary>
    public static abstract TSelf Max(TSelf a, TSelf b);

    /// <summary>The smaller one; where <paramref name="b"/> is NaN the result is NaN, where only <paramref name="a"/> is, it is not defined.</summary>
    public static abstract TSelf Min(TSelf a, TSelf b);

    /// <summary><paramref name="then"/> where a &lt; b, <paramref name="otherwise"/> elsewhere (also where one is NaN).</summary>
    public static abstract TSelf SelectLess(TSelf a, TSelf b, TSelf then, TSelf otherwise);

    /// <summary>value · 2^n where <paramref name="shifted"/> is n + 1.5·2^23, n from -252 to 254; overflows to ∞ and underflows to subnormals and 0.</summary>
    public static abstract TSelf ScaleByPowerOfTwo(TSelf value, TSelf shifted);

    /// <summary>value · 2^n where <paramref name="shifted"/> is n + 1.5·2^23, n from -126 to 127; not defined elsewhere, except that NaN stays NaN.</summary>
    public static abstract TSelf ScaleByNormalPowerOfTwo(TSelf value, TSelf shifted);

    /// <summary>The sum of all lanes: halves are added until one lane is left, so the order depends on the width alone.</summary>
    public static abstract float SumAcross(TSelf value);

    /// <summary>The largest lane; not defined if a lane is NaN.</summary>
    public static abstract float MaxAcross(TSelf value);
}
