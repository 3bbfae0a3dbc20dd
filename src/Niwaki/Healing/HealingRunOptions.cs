using Niwaki.Kernels;
using Niwaki.Training;

namespace Niwaki.Healing;

/// <summary>How a healing is carried out; nothing here changes the weights.</summary>
public sealed record HealingRunOptions
{
    /// <summary>Threads; must outlive the healing.</summary>
    public required ThreadTeam Team { get; init; }

    /// <summary>Bytes for weights and stream of the dense model and of measurements; null: everything stays in memory.</summary>
    public long? MemoryBytes { get; init; }

    /// <summary>Whether to go on with what is in the folder.</summary>
    public bool Resume { get; init; }

    /// <summary>Whether LoRA is saved as adapters beside the model instead of merged into a copy.</summary>
    public bool SaveAdapter { get; init; }

    /// <summary>Steps between two log lines, 1 or more. Default 10.</summary>
    public long LogEvery { get; init; } = 10;

    /// <summary>Steps between two measurements of the held-out loss, 1 or more. Default 500.</summary>
    public long EvaluateEvery { get; init; } = 500;

    /// <summary>Steps between two saved states, 1 or more. Default 500.</summary>
    public long SaveEvery { get; init; } = 500;

    /// <summary>Numbers of tokens of a stage behind which the held-out loss is measured too.</summary>
    public IReadOnlyList<long> ReadOffs { get; init; } = [];

    /// <summary>Makes what is told of the steps of a stage, given its name; null: nobody is.</summary>
    public Func<string, IProgress<TrainingProgress>?>? Progress { get; init; }

    /// <summary>Told of every sub-layer that was trained alone; null: nobody.</summary>
    public IProgress<ReconstructedSubLayer>? Reconstructed { get; init; }
}
