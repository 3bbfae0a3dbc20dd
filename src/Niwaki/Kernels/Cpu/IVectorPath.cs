namespace Niwaki.Kernels.Cpu;

/// <summary>The few vector operations of the micro-kernel at one width: a struct argument, so that one source serves every width.</summary>
/// <typeparam name="TVector">The register (or registers) that hold <see cref="Lanes"/> floats.</typeparam>
internal unsafe interface IVectorPath<TVector>
    where TVector : struct
{
    /// <summary>Floats of a vector; a weight panel is two vectors wide.</summary>
    public static abstract int Lanes { get; }

    /// <summary>Loads <see cref="Lanes"/> floats, of any alignment.</summary>
    public static abstract TVector Load(float* source);

    /// <summary>Stores <see cref="Lanes"/> floats, of any alignment.</summary>
    public static abstract void Store(TVector value, float* target);

    /// <summary>One float in every lane.</summary>
    public static abstract TVector Broadcast(float value);

    /// <summary>a + b.</summary>
    public static abstract TVector Add(TVector a, TVector b);

    /// <summary>a · b.</summary>
    public static abstract TVector Multiply(TVector a, TVector b);

    /// <summary>a · b + c, rounded once.</summary>
    public static abstract TVector FusedMultiplyAdd(TVector a, TVector b, TVector c);

    /// <summary>Widens <see cref="Lanes"/> pairs of BF16: the low halves are the lower vector, the high halves the upper one.</summary>
    public static abstract void WidenBF16Pairs(uint* pairs, out TVector lower, out TVector upper);

    /// <summary>Widens <see cref="Lanes"/> pairs of F16 in the same way.</summary>
    public static abstract void WidenF16Pairs(uint* pairs, out TVector lower, out TVector upper);

    /// <summary>Loads <see cref="Lanes"/> signed bytes as floats.</summary>
    public static abstract TVector WidenBytes(sbyte* source);
}
