using Niwaki.Pruning.Decisions;

namespace Niwaki.Pruning;

/// <summary>How a run is carried out; nothing here changes its result.</summary>
public sealed record PruningRunOptions
{
    /// <summary>Threads that compute, 1 or more. Default: one for every processor.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>Bytes for weights and residual stream; null: all weights stay in memory. Default null.</summary>
    public long? MemoryBytes { get; init; }

    /// <summary>Told about progress, on the thread that runs; null: nobody.</summary>
    public IProgress<PruningProgress>? Progress { get; init; }

    /// <summary>Told in a sentence what the user should know, such as a resume on another vector width; null: nobody.</summary>
    public Action<string>? Notice { get; init; }
}
