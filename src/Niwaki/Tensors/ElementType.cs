namespace Niwaki.Tensors;

/// <summary>How one number of a stored tensor is encoded.</summary>
public enum ElementType
{
    /// <summary>IEEE 754 binary32, 4 bytes.</summary>
    F32,

    /// <summary>IEEE 754 binary16, 2 bytes.</summary>
    F16,

    /// <summary>The upper half of a binary32: 8 exponent bits and 7 fraction bits, 2 bytes.</summary>
    BF16,
}
