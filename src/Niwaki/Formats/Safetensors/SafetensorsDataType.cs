using System.Collections.Frozen;
using Niwaki.Tensors;

namespace Niwaki.Formats.Safetensors;

/// <summary>The element types that a safetensors header may name, <see href="https://github.com/huggingface/safetensors"/>.</summary>
internal static class SafetensorsDataType
{
    /// <summary>Bits of one element. Types below 8 bits are packed, so that a tensor must still end on a whole byte.</summary>
    private static readonly FrozenDictionary<string, int> Bits = new Dictionary<string, int>(StringComparer.Ordinal)
    {
        ["F4"] = 4,
        ["F6_E2M3"] = 6,
        ["F6_E3M2"] = 6,
        ["BOOL"] = 8,
        ["U8"] = 8,
        ["I8"] = 8,
        ["F8_E4M3"] = 8,
        ["F8_E5M2"] = 8,
        ["F8_E8M0"] = 8,
        ["I16"] = 16,
        ["U16"] = 16,
        ["F16"] = 16,
        ["BF16"] = 16,
        ["I32"] = 32,
        ["U32"] = 32,
        ["F32"] = 32,
        ["I64"] = 64,
        ["U64"] = 64,
        ["F64"] = 64,
        ["C64"] = 64,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>All names, for messages.</summary>
    public static string Names { get; } = string.Join(", ", Bits.Keys.Order(StringComparer.Ordinal));

    /// <summary>Bits of one element, or false for a name that the format does not have.</summary>
    public static bool TryGetBits(string dataType, out int bits) => Bits.TryGetValue(dataType, out bits);

    /// <summary>The element type that Niwaki computes with, or null.</summary>
    public static ElementType? ToElementType(string dataType) => dataType switch
    {
        "F32" => ElementType.F32,
        "F16" => ElementType.F16,
        "BF16" => ElementType.BF16,
        _ => null,
    };

    /// <summary>Bytes of a tensor, or null where the count overflows or does not end on a whole byte.</summary>
    /// <param name="bits">Bits of one element.</param>
    /// <param name="shape">Dimensions, each 0 or more; none = one element.</param>
    public static long? ByteLength(int bits, IReadOnlyList<long> shape)
    {
        // Bits of the largest file (2^63 - 1 bytes) need 66 bits. A zero anywhere must not hide an overflow before it.
        UInt128 total = (UInt128)bits;
        foreach (long dimension in shape)
        {
            total *= (UInt128)dimension;
            if (total > (UInt128)long.MaxValue)
            {
                return null;
            }
        }

        return total % 8 == 0 ? (long)(total / 8) : null;
    }
}
