namespace Niwaki.Formats.Gguf;

/// <summary>An architecture of GGUF files that can be read as a Hugging Face checkpoint.</summary>
/// <param name="Name">The value of <c>general.architecture</c>.</param>
/// <param name="ModelType">The <c>model_type</c> of such a checkpoint.</param>
/// <param name="RotatesAdjacentPairs">Whether rows of queries and keys lie in the order of adjacent pairs.</param>
/// <param name="HasMadeUpSubLayers">Whether sub-layers of zeros may stand for ones that the model does not have.</param>
internal sealed record GgufArchitecture(string Name, string ModelType, bool RotatesAdjacentPairs, bool HasMadeUpSubLayers)
{
    private static readonly GgufArchitecture[] Known =
    [
        new("llama", "llama", true, false),
        new("mistral3", "mistral", true, false),
        new("deci", "llama", true, true),
        new("qwen2", "qwen2", false, false),
        new("qwen3", "qwen3", false, false),
        new("openelm", "qwen3", false, true),
    ];

    /// <summary>The architecture of a file.</summary>
    /// <exception cref="ModelFormatException">The file names none.</exception>
    /// <exception cref="UnsupportedModelException">It is another one, or the file holds one part of several.</exception>
    public static GgufArchitecture Of(GgufFile file)
    {
        if (file.Metadata.GetInt32OrNull("split.count", 0, int.MaxValue) > 1)
        {
            throw new UnsupportedModelException(
                file.FilePath, "file", "is one part of several ('split.count')", "a whole model", "Put the parts together with 'llama-gguf-split --merge'.");
        }

        string name = file.Metadata.GetString(GgufKeys.Architecture);
        GgufArchitecture architecture = Known.FirstOrDefault(known => known.Name == name)
            ?? throw new UnsupportedModelException(
                file.FilePath, $"architecture ({GgufKeys.Architecture})", $"is '{MessageText.Shown(name)}'", "one of " + string.Join(", ", Known.Select(known => $"'{known.Name}'")));
        foreach (string key in (ReadOnlySpan<string>)["expert_count", "logit_scale", "attention.temperature_scale", "attention.scale", "attention.sliding_window"])
        {
            if (file.Metadata.GetDoubleOrNull($"{name}.{key}", double.MinValue, double.MaxValue) is { } value && value != 0)
            {
                throw new UnsupportedModelException(file.FilePath, $"metadata '{name}.{key}'", $"is {value:G4}", "0 or missing");
            }
        }

        return architecture;
    }
}
