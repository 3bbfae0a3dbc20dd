using System.Diagnostics.CodeAnalysis;

namespace Niwaki.Tensors;

/// <summary>How the numbers of a stored tensor are encoded.</summary>
[SuppressMessage("Naming", "CA1707", Justification = "The names under which everybody knows these encodings.")]
public enum ElementType
{
    /// <summary>IEEE 754 binary32, 4 bytes.</summary>
    F32,

    /// <summary>IEEE 754 binary16, 2 bytes.</summary>
    F16,

    /// <summary>The upper half of a binary32: 8 exponent bits and 7 fraction bits, 2 bytes.</summary>
    BF16,

    /// <summary>Blocks of 32 numbers of a row in 34 bytes, as in GGUF: a scale d (F16), then 32 signed bytes q; x = d·q, which float32 holds exactly.</summary>
    Q8_0,
}
