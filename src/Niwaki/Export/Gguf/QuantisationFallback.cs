using Niwaki.Formats.Gguf;

namespace Niwaki.Export.Gguf;

/// <summary>Matrices that llama-quantize cannot store in the encodings of 256 numbers a block, because of the width of their rows.</summary>
/// <remarks>Rules of llama-quantize in llama.cpp v0.5.0: Q4_K becomes Q5_0, Q5_K becomes Q5_1 and Q6_K becomes Q8_0, and F16 where not even blocks of 32 fit.</remarks>
/// <param name="Kind">Name of the tensors without their block, such as <c>ffn_down.weight</c>.</param>
/// <param name="Width">Elements of a row.</param>
/// <param name="Tensors">Tensors of this kind and width.</param>
public sealed record QuantisationFallback(string Kind, long Width, int Tensors)
{
    private const int GroupedBlock = 256;
    private const int SmallBlock = 32;

    /// <summary>What they become in place of Q4_K, Q5_K and Q6_K.</summary>
    public string Encodings => Width % SmallBlock == 0 ? "Q5_0, Q5_1, Q8_0" : "F16";

    /// <summary>The next width of whole blocks of 256.</summary>
    public long NextWidth => (Width + GroupedBlock - 1) / GroupedBlock * GroupedBlock;

    /// <summary>The matrices of a file whose rows do not fit, by kind and width.</summary>
    /// <param name="tensors">The tensors of the file.</param>
    public static IReadOnlyList<QuantisationFallback> Of(IReadOnlyList<GgufPlannedTensor> tensors)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        return
        [
            .. tensors.Where(tensor => tensor.Shape.Count > 1 && tensor.Shape[^1] % GroupedBlock != 0)
                .GroupBy(tensor => (Kind: KindOf(tensor.Name), Width: tensor.Shape[^1]))
                .OrderBy(group => group.Key.Kind, StringComparer.Ordinal).ThenBy(group => group.Key.Width)
                .Select(group => new QuantisationFallback(group.Key.Kind, group.Key.Width, group.Count())),
        ];
    }

    private static string KindOf(string name) => name.StartsWith("blk.", StringComparison.Ordinal) ? name[(name.IndexOf('.', 4) + 1)..] : name;
}
