using Niwaki.Formats.Gguf;

namespace Niwaki.Formats.HuggingFace;

/// <summary>Finds the Hugging Face model folder that a path stands for, and says what is wrong where there is none.</summary>
public static class ModelFolder
{
    /// <summary>Name of the file that makes a folder a model folder.</summary>
    public const string ConfigName = "config.json";

    /// <summary>Name of the weight file of a checkpoint that is not split.</summary>
    public const string WeightsName = "model.safetensors";

    /// <summary>Name of the file that lists the shards of a checkpoint that is split.</summary>
    public const string IndexName = "model.safetensors.index.json";

    /// <summary>Name of the file with sampling defaults.</summary>
    public const string GenerationConfigName = "generation_config.json";

    private const string HealingName = "healing.yaml";
    private const string Expected = "a model folder with config.json and safetensors weights";

    /// <summary>The model folder meant by a path: the folder itself, or the <c>model</c> folder of a run.</summary>
    /// <param name="path">A model folder, or a run folder (it has plan.json, recipe.yaml or healing.yaml, and model/config.json).</param>
    /// <returns>Path of a folder that contains config.json.</returns>
    /// <exception cref="ModelFormatException">The path does not exist, is a file, has no config.json, or is an unfinished run.</exception>
    public static string Resolve(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (File.Exists(path))
        {
            throw new ModelFormatException(path, "path", "is a file", Expected, nextStep: FileHint(path));
        }

        if (!Directory.Exists(path))
        {
            throw new ModelFormatException(path, "folder", "does not exist", Expected, nextStep: $"Looked for '{Path.GetFullPath(path)}'.");
        }

        if (File.Exists(Path.Combine(path, ConfigName)))
        {
            return path;
        }

        if (!File.Exists(Path.Combine(path, "plan.json")) && !File.Exists(Path.Combine(path, "recipe.yaml")) && !File.Exists(Path.Combine(path, HealingName)))
        {
            throw new ModelFormatException(path, "folder", "has no config.json", Expected, nextStep: OtherFormats(path));
        }

        string model = Path.Combine(path, "model");
        return File.Exists(Path.Combine(model, ConfigName))
            ? model
            : throw new ModelFormatException(path, "run", "has no model/config.json", "a finished run", nextStep: File.Exists(Path.Combine(path, HealingName))
                ? "Finish it with 'niwaki heal' and --resume; adapters alone are no model."
                : "Finish it with 'niwaki resume'.");
    }

    /// <summary>Whether a path is a file that begins as GGUF files do, or ends like one.</summary>
    /// <param name="path">Any path.</param>
    public static bool IsGguf(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (!File.Exists(path))
        {
            return false;
        }

        if (path.EndsWith(GgufFile.Extension, StringComparison.OrdinalIgnoreCase))
        {
            return true;
        }

        using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        Span<byte> magic = stackalloc byte[4];
        return stream.ReadAtLeast(magic, magic.Length, throwOnEndOfStream: false) == magic.Length && magic.SequenceEqual("GGUF"u8);
    }

    /// <summary>The error for a model folder without safetensors weights; it names the weights of other formats that are there.</summary>
    internal static ModelFormatException NoWeights(string folder) =>
        new(folder, "folder", $"has neither {WeightsName} nor {IndexName}", "safetensors weights", nextStep: OtherFormats(folder));

    private static string FileHint(string path) => Path.GetExtension(path).ToUpperInvariant() switch
    {
        ".SAFETENSORS" => "Give the folder that holds the file.",
        _ => "Give a folder.",
    };

    private static string? OtherFormats(string folder)
    {
        string[] names = [.. Directory.EnumerateFiles(folder).Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal)];
        string? gguf = names.FirstOrDefault(name => name.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase));
        string? pickle = names.FirstOrDefault(IsPickle);
        string? other = names.FirstOrDefault(name => name.EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase));
        return (pickle, gguf, other) switch
        {
            (not null, _, _) => $"'{MessageText.Shown(pickle)}' holds pickled weights, which are not supported: save the model as safetensors with "
                + "transformers' save_pretrained first.",
            (_, not null, _) => $"Give the file '{MessageText.Shown(gguf)}' itself.",
            (_, _, not null) => $"'{MessageText.Shown(other)}' has another name than Hugging Face models use.",
            _ => null,
        };
    }

    private static bool IsPickle(string name) => Path.GetExtension(name).ToUpperInvariant() is ".BIN" or ".PT" or ".PTH" or ".CKPT";
}
