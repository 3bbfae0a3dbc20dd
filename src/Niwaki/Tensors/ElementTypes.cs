namespace Niwaki.Tensors;

/// <summary>Facts about <see cref="ElementType"/>.</summary>
public static class ElementTypes
{
    /// <summary>Numbers of a block of <see cref="ElementType.Q8_0"/>.</summary>
    public const int Q8BlockLength = 32;

    /// <summary>Bytes of a block of <see cref="ElementType.Q8_0"/>: the scale, then the numbers.</summary>
    public const int Q8BlockBytes = 34;

    /// <summary>Bytes of one element.</summary>
    /// <param name="type">An element type that stores numbers one by one.</param>
    /// <exception cref="ArgumentOutOfRangeException">The value names no such element type.</exception>
    public static int SizeInBytes(this ElementType type) => type switch
    {
        ElementType.F32 => 4,
        ElementType.F16 or ElementType.BF16 => 2,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Element type is none of F32, F16, BF16."),
    };

    /// <summary>Bytes of a row.</summary>
    /// <param name="type">The element type.</param>
    /// <param name="columns">Numbers of the row, 0 or more; for <see cref="ElementType.Q8_0"/> whole blocks.</param>
    /// <exception cref="ArgumentOutOfRangeException">The value names no element type.</exception>
    public static long RowBytes(this ElementType type, long columns) =>
        type == ElementType.Q8_0 ? columns / Q8BlockLength * Q8BlockBytes : columns * type.SizeInBytes();
}
