using System.Text.Json;
using Niwaki.Formats;

namespace Niwaki.Evaluation.Speed;

/// <summary>The outcome of a measurement of speed. File <see cref="FileName"/> in a run folder.</summary>
public sealed record SpeedReport
{
    /// <summary>Name of the file in a run folder.</summary>
    public const string FileName = "bench.json";

    private const int MaxBytes = 1 << 22;

    /// <summary>The machine, in words.</summary>
    public required string Machine { get; init; }

    /// <summary>Vector width that computed.</summary>
    public required string VectorPath { get; init; }

    /// <summary>Threads that computed.</summary>
    public required int Threads { get; init; }

    /// <summary>Runs of every model that a figure is the median of; the models took turns, and a run before them was not counted.</summary>
    public required int Rounds { get; init; }

    /// <summary>Version of Niwaki.</summary>
    public required string ToolVersion { get; init; }

    /// <summary>The models; the last is the one that others are compared with, where there are two.</summary>
    public required IReadOnlyList<SpeedModel> Models { get; init; }

    /// <summary>The figures: for every batch and length one row a model.</summary>
    public required IReadOnlyList<SpeedRow> Rows { get; init; }

    /// <summary>The row of the second model beside one of the first.</summary>
    /// <param name="row">A row of model 0.</param>
    /// <returns>The row of model 1 of the same batch and lengths; null where there is one model.</returns>
    public SpeedRow? Beside(SpeedRow row)
    {
        ArgumentNullException.ThrowIfNull(row);
        return Rows.FirstOrDefault(other => other.Model == 1 && other.Batch == row.Batch && other.Prompt == row.Prompt && other.Generated == row.Generated);
    }

    /// <summary>The report as indented JSON with a line end.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, SpeedJson.Default.SpeedReport) + "\n";

    /// <summary>Writes <see cref="ToJson"/> to a file that appears whole or not at all.</summary>
    /// <param name="path">Target; its folder exists. An existing file is replaced.</param>
    /// <exception cref="IOException">The disk is full, or the target cannot be replaced.</exception>
    /// <exception cref="UnauthorizedAccessException">The target may not be written.</exception>
    public void Write(string path) => AtomicFile.WriteAllText(path, ToJson());

    /// <summary>Reads a report.</summary>
    /// <param name="path">The file, at most 4 MiB.</param>
    /// <exception cref="ModelFormatException">The file is broken, fields are missing or unknown, or a row names a model that is not there.</exception>
    /// <exception cref="IOException">The file does not exist or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    public static SpeedReport Read(string path)
    {
        JsonElement root = StrictJson.ReadFile(path, MaxBytes);
        try
        {
            SpeedReport report = root.Deserialize(SpeedJson.Default.SpeedReport) ?? throw new ModelFormatException(path, "file", "is null", "a measurement of speed");
            int models = report.Models.Count;
            return report.Rows.FirstOrDefault(row => (uint)row.Model >= (uint)models) is { } row
                ? throw new ModelFormatException(path, "'rows'", $"name model {row.Model}", $"one of the {models} models")
                : report;
        }
        catch (JsonException error)
        {
            throw new ModelFormatException(path, $"'{error.Path}'", $"does not fit ({MessageText.Shown(error.Message)})", "the fields of a measurement of speed", innerException: error);
        }
    }
}
