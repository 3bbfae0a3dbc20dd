using System.Text.Json;
using System.Text.Json.Nodes;
using Niwaki.Formats;
using Niwaki.Formats.HuggingFace;

namespace Niwaki.Healing;

/// <summary>The outcome of a healing.</summary>
/// <param name="HeldOutLossBefore">Mean loss of the held-out tokens by the model given, nats.</param>
/// <param name="HeldOutLossAfter">The same by the model written; for adapters by the model with them.</param>
/// <param name="HeldOutTokens">Tokens that the two are means over.</param>
/// <param name="Tokens">Tokens trained on in all stages; in a reconstruction those of its windows, times epochs.</param>
/// <param name="Seconds">Time of the steps in all stages.</param>
/// <param name="Stages">Names of the stages, in order.</param>
public sealed record HealingReport(
    double HeldOutLossBefore, double HeldOutLossAfter, long HeldOutTokens, long Tokens, double Seconds, IReadOnlyList<string> Stages)
{
    /// <summary>Name of the file with the outcome; its appearance ends a healing.</summary>
    public const string FileName = "report.json";

    /// <summary>Whether the model predicts worse than before.</summary>
    public bool MadeWorse => !(HeldOutLossAfter <= HeldOutLossBefore);

    /// <summary>The report as JSON; a loss afterwards that is no number is null.</summary>
    public JsonObject ToJson() => new()
    {
        ["heldOutLossBefore"] = HeldOutLossBefore,
        ["heldOutLossAfter"] = double.IsFinite(HeldOutLossAfter) ? HeldOutLossAfter : null,
        ["heldOutTokens"] = HeldOutTokens,
        ["madeWorse"] = MadeWorse,
        ["tokens"] = Tokens,
        ["seconds"] = Math.Round(Seconds, 2),
        ["stages"] = new JsonArray([.. Stages.Select(stage => (JsonNode)stage)]),
    };

    /// <summary>Reads a report.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="ModelFormatException">The file is broken, or a field is missing or of another type.</exception>
    /// <exception cref="IOException">The file does not exist or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    public static HealingReport Read(string path)
    {
        ConfigDocument document = ConfigDocument.Read(path);
        double Number(string name) => document.GetDouble(name, 0, double.MaxValue);
        string[] stages = document.Root.TryGetProperty("stages", out JsonElement list) && list.ValueKind == JsonValueKind.Array
            ? [.. list.EnumerateArray().Select(stage => stage.ValueKind == JsonValueKind.String ? stage.GetString()! : MessageText.Shown(stage))]
            : throw new ModelFormatException(path, "'stages'", "is missing or no list", "a list of names");
        bool isNumber = !document.Root.TryGetProperty("heldOutLossAfter", out JsonElement after) || after.ValueKind != JsonValueKind.Null;
        return new HealingReport(
            Number("heldOutLossBefore"), isNumber ? Number("heldOutLossAfter") : double.NaN, (long)Number("heldOutTokens"), (long)Number("tokens"), Number("seconds"), stages);
    }
}
