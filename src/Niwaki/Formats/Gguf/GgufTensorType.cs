using System.Diagnostics.CodeAnalysis;

namespace Niwaki.Formats.Gguf;

/// <summary>Encodings of tensors that are read, numbered as ggml does; files may hold others, which are known by number only.</summary>
[SuppressMessage("Naming", "CA1707", Justification = "The names under which everybody knows these encodings.")]
public enum GgufTensorType
{
    /// <summary>IEEE 754 binary32.</summary>
    F32 = 0,

    /// <summary>IEEE 754 binary16.</summary>
    F16 = 1,

    /// <summary>Blocks of 32: a scale (F16) and 4-bit numbers −8 to 7.</summary>
    Q4_0 = 2,

    /// <summary>Blocks of 32: a scale and a minimum (F16) and 4-bit numbers 0 to 15.</summary>
    Q4_1 = 3,

    /// <summary>Blocks of 32: a scale (F16) and 5-bit numbers −16 to 15.</summary>
    Q5_0 = 6,

    /// <summary>Blocks of 32: a scale and a minimum (F16) and 5-bit numbers 0 to 31.</summary>
    Q5_1 = 7,

    /// <summary>Blocks of 32: a scale (F16) and 8-bit numbers −127 to 127.</summary>
    Q8_0 = 8,

    /// <summary>Blocks of 256 in 8 groups with scales and minima of 6 bits; 4-bit numbers.</summary>
    Q4_K = 12,

    /// <summary>Blocks of 256 in 8 groups with scales and minima of 6 bits; 5-bit numbers.</summary>
    Q5_K = 13,

    /// <summary>Blocks of 256 in 16 groups with scales of 8 bits; 6-bit numbers.</summary>
    Q6_K = 14,

    /// <summary>The upper half of a binary32.</summary>
    BF16 = 30,
}
