using System.Text.Json;
using Niwaki.Formats;

namespace Niwaki.Datasets;

/// <summary>Reads instructions with answers: <c>.jsonl</c> with an object a line, or <c>.json</c> with an array of them.</summary>
public static class InstructionFile
{
    private const int LargestCount = 1 << 24;
    private const string Expected = "an object with the texts 'instruction' and 'output', and perhaps 'input'";

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file, UTF-8. Other fields are passed over.</param>
    /// <exception cref="DatasetException">The file holds no instruction, something else, or more than 2^24.</exception>
    /// <exception cref="ModelFormatException">A <c>.json</c> file is no JSON, or larger than 1 GiB.</exception>
    /// <exception cref="IOException">The file does not exist or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read, or is a folder.</exception>
    public static IReadOnlyList<Instruction> Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        List<Instruction> instructions =
            Path.GetExtension(path).Equals(".json", StringComparison.OrdinalIgnoreCase) ? ReadArray(path) : [.. ReadLines(path)];
        return instructions.Count > 0
            ? instructions
            : throw new DatasetException(path, "holds no instruction", "at least one " + Expected[3..], "Was the right file given?");
    }

    private static List<Instruction> ReadArray(string path)
    {
        JsonElement root = StrictJson.ReadFile(path, 1 << 30);
        if (root.ValueKind != JsonValueKind.Array)
        {
            throw new DatasetException(path, $"holds {root.ValueKind}", "an array of objects with 'instruction' and 'output'", "Give an array, or a .jsonl file.");
        }

        return [.. root.EnumerateArray().Select((element, i) => Of(element, FormattableString.Invariant($"{path}, element {i}")))];
    }

    private static IEnumerable<Instruction> ReadLines(string path)
    {
        long count = 0;
        foreach ((string place, JsonElement value) in JsonLines.Read(path, Expected))
        {
            yield return ++count <= LargestCount
                ? Of(value, place)
                : throw new DatasetException(
                    place, FormattableString.Invariant($"is instruction {count:N0}"), FormattableString.Invariant($"at most {LargestCount:N0}"), "Give a part of the file.");
        }
    }

    private static Instruction Of(JsonElement element, string place)
    {
        string? task = Text(element, "instruction");
        string? output = Text(element, "output");
        return task is not null && output is not null
            ? new Instruction(task, Text(element, "input") ?? "", output)
            : throw new DatasetException(
                place, task is null ? "has no text 'instruction'" : "has no text 'output'", Expected, "Rename the fields, or remove what is no instruction.");
    }

    private static string? Text(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out JsonElement text) && text.ValueKind == JsonValueKind.String ? text.GetString() : null;
}
