using System.Text;
using System.Text.Json;
using Niwaki.Formats;
using Niwaki.Formats.Gguf;
using Niwaki.Formats.HuggingFace;
using Niwaki.Tokenizers.HuggingFace;

namespace Niwaki.Tokenizers.Chat;

/// <summary>Finds the chat templates of a model by their names.</summary>
internal static class ChatTemplateFiles
{
    private const string DefaultName = "default";
    private const string FileName = "chat_template.jinja";

    /// <summary>Named templates read of one model; known ones have up to three.</summary>
    private const int MostNamed = 64;

    /// <summary>The settings of the tokenizer; null where the model has none.</summary>
    public static ConfigDocument? Settings(string folder)
    {
        if (!ModelFolder.IsGguf(folder))
        {
            string path = Path.Combine(folder, TokenizerSettings.FileName);
            return File.Exists(path) ? ConfigDocument.Read(path) : null;
        }

        using var file = GgufFile.Open(folder);
        return GgufTokenizerFiles.Of(file).TryGetValue(TokenizerSettings.FileName, out byte[]? bytes) ? ConfigDocument.Parse(bytes, folder) : null;
    }

    /// <summary>The text of the template of a name; null where the model has no template at all.</summary>
    /// <exception cref="ModelFormatException">There are templates, and none of that name, or none that is the default.</exception>
    public static string? Choose(string folder, ConfigDocument? settings, string? name)
    {
        Dictionary<string, string> templates = All(folder, settings);
        if (templates.TryGetValue(name ?? DefaultName, out string? text) || templates.Count == 0)
        {
            return text;
        }

        string found = string.Join(", ", templates.Keys.Order(StringComparer.Ordinal).Select(key => $"'{key}'"));
        throw new ModelFormatException(folder, "chat template", $"has the names {found}", $"one of the name '{name ?? DefaultName}'", nextStep: "Ask for one of them by its name.");
    }

    /// <summary>A file stands before the settings of the same name, and one with a name of its own before <c>chat_template.jinja</c>, as in transformers.</summary>
    /// <exception cref="ModelFormatException">There are too many files, or one is too large.</exception>
    private static Dictionary<string, string> All(string folder, ConfigDocument? settings)
    {
        var templates = new Dictionary<string, string>(StringComparer.Ordinal);
        if (settings is not null)
        {
            AddSettings(settings, templates);
        }

        string file = Path.Combine(folder, FileName);
        if (File.Exists(file))
        {
            templates[DefaultName] = Read(file);
        }

        IReadOnlyList<string> named = SideFiles.Templates(folder);
        if (named.Count > MostNamed)
        {
            throw new ModelFormatException(folder, "folder of named chat templates", $"has {MessageText.Count(named.Count)} files", $"at most {MostNamed}");
        }

        foreach (string path in named)
        {
            templates[Path.GetFileNameWithoutExtension(path)] = Read(Path.Combine(folder, path));
        }

        return templates;
    }

    private static string Read(string file) => Encoding.UTF8.GetString(CappedFile.ReadAllBytes(file, ChatTemplate.MaxLength));

    /// <summary>One template, or a list of named ones.</summary>
    private static void AddSettings(ConfigDocument settings, Dictionary<string, string> templates)
    {
        if (!settings.Root.TryGetProperty("chat_template", out JsonElement value) || value.ValueKind == JsonValueKind.Null)
        {
            return;
        }

        if (value.ValueKind != JsonValueKind.Array)
        {
            templates[DefaultName] = settings.GetString("chat_template");
            return;
        }

        foreach (JsonElement named in value.EnumerateArray())
        {
            if (Text(named, "name") is not { } name || Text(named, "template") is not { } template)
            {
                throw new ModelFormatException(settings.File, "'chat_template'", $"has an item {named.ValueKind}", "objects with 'name' and 'template'");
            }

            templates[name] = template;
        }
    }

    private static string? Text(JsonElement item, string name) =>
        item.ValueKind == JsonValueKind.Object && item.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
