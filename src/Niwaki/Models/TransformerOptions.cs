using Niwaki.Kernels;

namespace Niwaki.Models;

/// <summary>How a model is loaded.</summary>
public sealed record TransformerOptions
{
    /// <summary>Bytes for weights and residual stream together; null: all weights stay in memory. Default null.</summary>
    public long? MemoryBytes { get; init; }

    /// <summary>How weights are packed. Default <see cref="PackedFormat.Stored"/>: exact.</summary>
    public PackedFormat Format { get; init; } = PackedFormat.Stored;

    /// <summary>What stays of the checkpoint; null: everything. Default null.</summary>
    public ModelSelection? Selection { get; init; }

    /// <summary>Added to what sub-layers put out, by blocks of the checkpoint; null: nothing. Default null.</summary>
    public OutputBiases? Biases { get; init; }
}
