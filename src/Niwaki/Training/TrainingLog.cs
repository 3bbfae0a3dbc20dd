using System.Text.Json;
using System.Text.Json.Nodes;
using Niwaki.Formats;

namespace Niwaki.Training;

/// <summary>The log of a training: one JSON object a line, appended as it goes.</summary>
internal sealed class TrainingLog(string path)
{
    /// <summary>The file.</summary>
    public string Path => path;

    /// <summary>Adds a line.</summary>
    /// <exception cref="IOException">The disk is full.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be written.</exception>
    public void Append(JsonObject line) => File.AppendAllText(path, line.ToJsonString() + "\n");

    /// <summary>Removes the lines of a stage behind a step, which are written again after a resume, and what a killed process left half written.</summary>
    /// <param name="stage">Name of the stage; null: lines without one.</param>
    /// <param name="step">Last step that counts.</param>
    public void Trim(string? stage, long step)
    {
        if (!File.Exists(path))
        {
            return;
        }

        string[] lines = File.ReadAllLines(path);
        string[] kept = [.. lines.Where(line => Counts(line, stage, step))];
        if (kept.Length < lines.Length)
        {
            AtomicFile.WriteAllText(path, string.Concat(kept.Select(line => line + "\n")));
        }
    }

    private static bool Counts(string line, string? stage, long step)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            JsonElement root = document.RootElement;
            string? found = root.TryGetProperty("stage", out JsonElement name) ? name.GetString() : null;
            return found != stage || !root.TryGetProperty("step", out JsonElement number) || number.GetInt64() <= step;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or FormatException)
        {
            return false;
        }
    }
}
