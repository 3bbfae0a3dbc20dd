namespace Niwaki.Evaluation.Tasks;

/// <summary>What was run, for the result files.</summary>
public sealed record HarnessRun
{
    /// <summary>The model as the user named it.</summary>
    public required string Model { get; init; }

    /// <summary>Parameters.</summary>
    public required long Parameters { get; init; }

    /// <summary>Most tokens that a request may have.</summary>
    public required int Longest { get; init; }

    /// <summary>Whether prompts begin with the begin-of-text token.</summary>
    public required bool Begins { get; init; }

    /// <summary>How prompts were written.</summary>
    public required PromptFormat Format { get; init; }

    /// <summary>Seed of the examples.</summary>
    public required long Seed { get; init; }

    /// <summary>Documents asked for; null: all.</summary>
    public int? Limit { get; init; }

    /// <summary>When it began.</summary>
    public required DateTimeOffset Date { get; init; }

    /// <summary>How long it took.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>Version of the software.</summary>
    public required string Version { get; init; }
}
