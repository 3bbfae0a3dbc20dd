using System.Text.Json;
using System.Text.Json.Serialization;
using Niwaki.Formats;

namespace Niwaki.Runs;

/// <summary>The outcome of a run: what was removed, what it cost, and what anybody needs to repeat it. File report.json.</summary>
/// <remarks>JSON with the names below in camelCase. Numbers that are not finite are the texts "NaN", "Infinity" and "-Infinity".</remarks>
public sealed record RunReport
{
    /// <summary>Largest report read, 16 MiB: a hundred thousand blocks.</summary>
    private const int MaxBytes = 1 << 24;

    /// <summary>Method, as recipes call it.</summary>
    public required string Method { get; init; }

    /// <summary>The model folder, as the recipe names it.</summary>
    public required string Model { get; init; }

    /// <summary>Seed of the recipe.</summary>
    public required long Seed { get; init; }

    /// <summary>Share of the prunable parameters that was to be removed, 0 to 1.</summary>
    public required double SparsityTarget { get; init; }

    /// <summary>Share of the prunable parameters that was removed, 0 to 1.</summary>
    public required double SparsityReached { get; init; }

    /// <summary>All parameters of the source.</summary>
    public required long ParametersBefore { get; init; }

    /// <summary>All parameters of the pruned model.</summary>
    public required long ParametersAfter { get; init; }

    /// <summary>Parameters of the source in attention and MLP matrices.</summary>
    public required long PrunableBefore { get; init; }

    /// <summary>Parameters of the pruned model in attention and MLP matrices.</summary>
    public required long PrunableAfter { get; init; }

    /// <summary>Bytes of the weight files of the source.</summary>
    public required long BytesBefore { get; init; }

    /// <summary>Bytes of the weight files of the pruned model.</summary>
    public required long BytesAfter { get; init; }

    /// <summary>How loss and perplexity were measured: the name of the protocol.</summary>
    public required string Protocol { get; init; }

    /// <summary>The evaluation text: path of the file as the recipe names it; null for self-written text.</summary>
    public string? EvaluationFile { get; init; }

    /// <summary>Tokens of an evaluation window.</summary>
    public required int EvaluationWindow { get; init; }

    /// <summary>Scored tokens of the evaluation text.</summary>
    public required long EvaluationTokens { get; init; }

    /// <summary>Mean of -log p over the scored tokens, source model, in nats.</summary>
    public required double LossBefore { get; init; }

    /// <summary>Mean of -log p over the scored tokens, pruned model, in nats.</summary>
    public required double LossAfter { get; init; }

    /// <summary>exp of <see cref="LossBefore"/>.</summary>
    public required double PerplexityBefore { get; init; }

    /// <summary>exp of <see cref="LossAfter"/>.</summary>
    public required double PerplexityAfter { get; init; }

    /// <summary>Evaluations of models and sub-models.</summary>
    public required int Evaluations { get; init; }

    /// <summary>Tokens that went through a model, replayed evaluations included.</summary>
    public required long ForwardTokens { get; init; }

    /// <summary>Wall time of the run, the parts before an interruption included, in seconds.</summary>
    public required double Seconds { get; init; }

    /// <summary>Version of Niwaki.</summary>
    public required string ToolVersion { get; init; }

    /// <summary>Vector width that the run computed with, such as <c>avx512</c>.</summary>
    public required string VectorPath { get; init; }

    /// <summary>What became of every block of the source.</summary>
    public required IReadOnlyList<ReportedBlock> Blocks { get; init; }

    /// <summary>The rounds of a width method; null for the others.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<ReportedRound>? Rounds { get; init; }

    /// <summary>The report as indented JSON with a line end.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, ReportJson.Default.RunReport) + "\n";

    /// <summary>Writes <see cref="ToJson"/> to a file that appears whole or not at all.</summary>
    /// <param name="path">Target; its folder exists. An existing file is replaced.</param>
    /// <exception cref="IOException">The disk is full, or the target cannot be replaced.</exception>
    /// <exception cref="UnauthorizedAccessException">The target may not be written.</exception>
    public void Write(string path) => AtomicFile.WriteAllText(path, ToJson());

    /// <summary>Reads a report.</summary>
    /// <param name="path">The file, at most 16 MiB.</param>
    /// <exception cref="ModelFormatException">The file is too large, is broken JSON, or fields are missing, unknown or of another type.</exception>
    /// <exception cref="IOException">The file does not exist or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    public static RunReport Read(string path)
    {
        JsonElement root = StrictJson.ReadFile(path, MaxBytes);
        try
        {
            return root.Deserialize(ReportJson.Default.RunReport)
                ?? throw new ModelFormatException(path, "file", "is null", "a report");
        }
        catch (JsonException error)
        {
            string found = $"does not fit ({MessageText.Shown(error.Message)})";
            throw new ModelFormatException(path, $"'{error.Path}'", found, "the fields of a report", innerException: error);
        }
    }
}
