using Niwaki.Formats;
using Niwaki.Formats.HuggingFace;
using Niwaki.Tokenizers.Bpe;
using Niwaki.Tokenizers.Normalizers;
using Niwaki.Tokenizers.Pipeline;
using Niwaki.Tokenizers.PreTokenizers;

namespace Niwaki.Tokenizers.HuggingFace;

/// <summary>Reads <c>tokenizer.json</c>, the file of Hugging Face's tokenizers.</summary>
internal static class TokenizerJson
{
    /// <summary>Reads a file.</summary>
    /// <param name="path">File.</param>
    /// <param name="settings">Settings of the folder.</param>
    /// <exception cref="ModelFormatException">The file is broken.</exception>
    /// <exception cref="UnsupportedModelException">The file holds a model or a component that is not supported.</exception>
    public static TokenizerPipeline Read(string path, TokenizerSettings settings) =>
        Read(ConfigDocument.Read(path, StrictJson.DefaultMaxBytes), settings);

    /// <summary>Reads a document.</summary>
    /// <param name="document">The content of the file.</param>
    /// <param name="settings">Settings of the folder.</param>
    /// <exception cref="ModelFormatException">The file is broken.</exception>
    /// <exception cref="UnsupportedModelException">The file holds a model or a component that is not supported.</exception>
    public static TokenizerPipeline Read(ConfigDocument document, TokenizerSettings settings)
    {
        List<PreTokenizer> preTokenizers = PreTokenizerReader.Read(document.GetObjectOrNull("pre_tokenizer"));
        bool takesBytes = TakeByteLevelOff(preTokenizers);

        BpeModelReader reader = BpeModelReader.Read(document.GetObject("model"));
        BpeModel model = reader.CreateModel(takesBytes);
        Normalizer? normalizer = document.GetObjectOrNull("normalizer") is { } component ? NormalizerReader.Read(component) : null;
        IReadOnlyList<AddedToken> addedTokens = AddedTokenReader.Read(document, reader.Vocabulary, normalizer);
        (List<int> prefix, List<int> suffix) = PostProcessorReader.Read(document.GetObjectOrNull("post_processor"), reader.Vocabulary);
        var specialIds = addedTokens.Where(token => token.IsSpecial).Select(token => token.Id).ToHashSet();
        int? beginOfText = FindToken(reader.Vocabulary, settings.BeginOfText);
        int? endOfText = FindToken(reader.Vocabulary, settings.EndOfText);
        if (settings.WritesTemplate)
        {
            prefix = Rewritten(prefix, settings.AddsBeginOfText, beginOfText);
            suffix = Rewritten(suffix, settings.AddsEndOfText, endOfText);
        }

        return new TokenizerPipeline
        {
            Model = model,
            Cuts = SafeCuts.Create(model, reader.MergesBytes),
            AddedTokens = addedTokens,
            Normalizer = normalizer,
            PreTokenizers = preTokenizers,
            Decoder = DecoderReader.Read(document.GetObjectOrNull("decoder")),
            Prefix = prefix,
            Suffix = suffix,
            SpecialIds = specialIds,
            BeginOfText = beginOfText ?? (prefix.Count > 0 ? prefix[0] : null),
            EndOfText = endOfText,
        };
    }

    /// <summary>Where bytes are written last, the model takes the bytes itself, without the way through their characters.</summary>
    /// <returns>Whether it does.</returns>
    private static bool TakeByteLevelOff(List<PreTokenizer> steps)
    {
        if (steps.Count == 0 || steps[^1] is not ByteLevelPreTokenizer byteLevel)
        {
            return false;
        }

        steps[^1] = byteLevel.WithoutBytes();
        return true;
    }

    /// <summary>The ids on one side of a text: the marker or nothing, as the flag says; those of the template where flag or marker is unknown.</summary>
    private static List<int> Rewritten(List<int> template, bool? isAdded, int? marker)
    {
        if (isAdded is not { } adds || marker is not { } id)
        {
            return template;
        }

        return adds ? [id] : [];
    }

    private static int? FindToken(Vocabulary vocabulary, string? token) =>
        token is not null && vocabulary.TryGetId(token, out int id) ? id : null;
}
