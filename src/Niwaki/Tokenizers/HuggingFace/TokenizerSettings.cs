using System.Text.Json;
using Niwaki.Formats;
using Niwaki.Formats.HuggingFace;

namespace Niwaki.Tokenizers.HuggingFace;

/// <summary>What <c>tokenizer_config.json</c> says; everything is absent where there is no such file.</summary>
internal sealed record TokenizerSettings
{
    /// <summary>Name of the file.</summary>
    public const string FileName = "tokenizer_config.json";

    private static readonly string[] TemplateWriters =
        ["LlamaTokenizer", "LlamaTokenizerFast", "CodeLlamaTokenizer", "CodeLlamaTokenizerFast", "GemmaTokenizer", "GemmaTokenizerFast"];

    /// <summary>Content of the token that marks the beginning of a text.</summary>
    public string? BeginOfText { get; private init; }

    /// <summary>Content of the token that marks the end of a text.</summary>
    public string? EndOfText { get; private init; }

    /// <summary>Whether the begin goes in front of every text.</summary>
    public bool? AddsBeginOfText { get; private init; }

    /// <summary>Whether the end goes behind every text.</summary>
    public bool? AddsEndOfText { get; private init; }

    /// <summary>Whether the tokenizer is of a class for which transformers writes the template of <c>tokenizer.json</c> anew from these two.</summary>
    public bool WritesTemplate { get; private init; }

    /// <summary>Reads the settings of a model folder.</summary>
    /// <exception cref="ModelFormatException">The file is broken.</exception>
    public static TokenizerSettings Read(string folder)
    {
        string path = Path.Combine(folder, FileName);
        if (!File.Exists(path))
        {
            return new TokenizerSettings();
        }

        return Read(ConfigDocument.Read(path));
    }

    /// <summary>Reads the settings from a document.</summary>
    /// <exception cref="ModelFormatException">A field is broken.</exception>
    public static TokenizerSettings Read(ConfigDocument document) => new()
    {
        BeginOfText = ReadToken(document, "bos_token"),
        EndOfText = ReadToken(document, "eos_token"),
        AddsBeginOfText = document.GetBooleanOrNull("add_bos_token"),
        AddsEndOfText = document.GetBooleanOrNull("add_eos_token"),
        WritesTemplate = document.GetStringOrNull("tokenizer_class") is { } name && TemplateWriters.Contains(name),
    };

    /// <summary>A token is written as its content or as an object that holds it.</summary>
    private static string? ReadToken(ConfigDocument document, string name)
    {
        bool isObject = document.Root.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Object;
        return isObject ? document.GetObject(name).GetString("content") : document.GetStringOrNull(name);
    }
}
