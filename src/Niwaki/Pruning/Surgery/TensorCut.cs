using Niwaki.Formats.Safetensors;
using Niwaki.Plans;

namespace Niwaki.Pruning.Surgery;

/// <summary>One tensor of the new model: where it comes from and what of it stays.</summary>
/// <param name="Source">Its name in the source.</param>
/// <param name="Target">Name, element type and shape in the new model.</param>
internal sealed record TensorCut(string Source, PlannedTensor Target)
{
    /// <summary>Whether rows or columns go; else the tensor is copied whole, whatever its element type.</summary>
    public bool IsCut => Rows is not null || Columns is not null;

    /// <summary>The elements, for a tensor that is made and not copied; null: copied or cut.</summary>
    public float[]? Values { get; init; }

    /// <summary>Rows that stay; null: all.</summary>
    public IReadOnlyList<IndexRange>? Rows { get; init; }

    /// <summary>Columns that stay; null: all.</summary>
    public IReadOnlyList<IndexRange>? Columns { get; init; }
}
