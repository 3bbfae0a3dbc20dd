using System.Collections.Frozen;
using System.Globalization;
using Niwaki.Tensors;

namespace Niwaki.Formats.Gguf;

/// <summary>Facts about encodings of tensors: elements and bytes of a block, names, what can be read and written.</summary>
public static class GgufTensorTypes
{
    /// <summary>
    /// Name, elements of a block and its bytes, for every encoding of ggml (<c>ggml.h</c> and <c>ggml-common.h</c> of llama.cpp v0.5.0), so that
    /// the places of all tensors of a file can be checked, whether they can be read or not.
    /// </summary>
    private static readonly FrozenDictionary<uint, (string Name, int Elements, int Bytes)> Facts = new Dictionary<uint, (string Name, int Elements, int Bytes)>
    {
        [0] = ("F32", 1, 4),
        [1] = ("F16", 1, 2),
        [2] = ("Q4_0", 32, 18),
        [3] = ("Q4_1", 32, 20),
        [6] = ("Q5_0", 32, 22),
        [7] = ("Q5_1", 32, 24),
        [8] = ("Q8_0", 32, 34),
        [9] = ("Q8_1", 32, 36),
        [10] = ("Q2_K", 256, 84),
        [11] = ("Q3_K", 256, 110),
        [12] = ("Q4_K", 256, 144),
        [13] = ("Q5_K", 256, 176),
        [14] = ("Q6_K", 256, 210),
        [15] = ("Q8_K", 256, 292),
        [16] = ("IQ2_XXS", 256, 66),
        [17] = ("IQ2_XS", 256, 74),
        [18] = ("IQ3_XXS", 256, 98),
        [19] = ("IQ1_S", 256, 50),
        [20] = ("IQ4_NL", 32, 18),
        [21] = ("IQ3_S", 256, 110),
        [22] = ("IQ2_S", 256, 82),
        [23] = ("IQ4_XS", 256, 136),
        [24] = ("I8", 1, 1),
        [25] = ("I16", 1, 2),
        [26] = ("I32", 1, 4),
        [27] = ("I64", 1, 8),
        [28] = ("F64", 1, 8),
        [29] = ("IQ1_M", 256, 56),
        [30] = ("BF16", 1, 2),
        [34] = ("TQ1_0", 256, 54),
        [35] = ("TQ2_0", 256, 66),
        [39] = ("MXFP4", 32, 17),
        [40] = ("NVFP4", 64, 36),
        [41] = ("Q1_0", 128, 18),
        [42] = ("Q2_0", 64, 18),
    }.ToFrozenDictionary();

    private static readonly GgufTensorType[] ReadableTypes = Enum.GetValues<GgufTensorType>();

    /// <summary>The encodings that can be written.</summary>
    public static IReadOnlyList<GgufTensorType> Writable { get; } =
        [.. ReadableTypes.Where(type => type is not (GgufTensorType.Q4_K or GgufTensorType.Q5_K or GgufTensorType.Q6_K))];

    /// <summary>The encodings that can be read, for messages.</summary>
    internal static string ReadableNames { get; } = string.Join(", ", ReadableTypes);

    /// <summary>Elements of a block; 1 for the types that are no blocks.</summary>
    /// <param name="type">Encoding.</param>
    public static int BlockElements(this GgufTensorType type) => Facts[(uint)type].Elements;

    /// <summary>Bytes of a block.</summary>
    /// <param name="type">Encoding.</param>
    public static int BlockBytes(this GgufTensorType type) => Facts[(uint)type].Bytes;

    /// <summary>Bytes of a row.</summary>
    /// <param name="type">Encoding.</param>
    /// <param name="columns">Elements of the row, a multiple of <see cref="BlockElements"/>.</param>
    /// <exception cref="ArgumentException">The row does not consist of whole blocks.</exception>
    public static long RowBytes(this GgufTensorType type, long columns) => columns % type.BlockElements() == 0
        ? checked(columns / type.BlockElements() * type.BlockBytes())
        : throw new ArgumentException($"Row has {columns} elements, expected a multiple of {type.BlockElements()} for {type}.", nameof(columns));

    /// <summary>Whether elements are stored one by one, F32, F16 or BF16, and not as scaled numbers of few bits.</summary>
    /// <param name="type">Encoding.</param>
    public static bool IsPlain(this GgufTensorType type) => type is GgufTensorType.F32 or GgufTensorType.F16 or GgufTensorType.BF16;

    /// <summary>The element type of a checkpoint that has the numbers of an encoding one by one: the same, or F32 for numbers with a scale.</summary>
    /// <param name="type">Encoding.</param>
    public static ElementType ToElementType(this GgufTensorType type) => type switch
    {
        GgufTensorType.F16 => ElementType.F16,
        GgufTensorType.BF16 => ElementType.BF16,
        _ => ElementType.F32,
    };

    /// <summary>The encoding that stores an element type unchanged.</summary>
    /// <param name="type">Element type.</param>
    public static GgufTensorType ToTensorType(this ElementType type) => type switch
    {
        ElementType.F16 => GgufTensorType.F16,
        ElementType.BF16 => GgufTensorType.BF16,
        ElementType.Q8_0 => GgufTensorType.Q8_0,
        _ => GgufTensorType.F32,
    };

    /// <summary>Elements and bytes of a block of an encoding given by its number, or false for a number that ggml does not have.</summary>
    internal static bool TryGetBlock(uint type, out int elements, out int bytes)
    {
        bool known = Facts.TryGetValue(type, out (string Name, int Elements, int Bytes) facts);
        (elements, bytes) = (facts.Elements, facts.Bytes);
        return known;
    }

    /// <summary>The name of an encoding given by its number.</summary>
    internal static string NameOf(uint type) =>
        Facts.TryGetValue(type, out (string Name, int Elements, int Bytes) facts) ? facts.Name : type.ToString(CultureInfo.InvariantCulture);
}
