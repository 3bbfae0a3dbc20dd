using System.Text;
using Niwaki.Formats;
using Niwaki.Formats.Gguf;
using Niwaki.Formats.HuggingFace;
using Niwaki.Tokenizers.HuggingFace;
using Niwaki.Tokenizers.Pipeline;
using Niwaki.Tokenizers.SentencePiece;

namespace Niwaki.Tokenizers;

/// <summary>Turns text into token ids and back, exactly as the tokenizer files of a model folder say.</summary>
/// <remarks>
/// <para>
/// Reads <c>tokenizer.json</c> of the byte-pair kind (byte-level as in GPT-2, Llama 3, Qwen; SentencePiece style with byte fallback as in
/// Llama 2, Mistral) and, where there is none, SentencePiece's <c>tokenizer.model</c> of the byte-pair kind.
/// </para>
/// <para>
/// Thread safe. Encoding takes O(n log n) time at worst, for any text, with the patterns of known models; another regular expression may backtrack, and is given up after ten seconds at one place. Strings are UTF-16; an unpaired surrogate counts as U+FFFD. Settings
/// for truncation and padding inside the files concern batches and are not applied.
/// </para>
/// </remarks>
public sealed class Tokenizer
{
    /// <summary>Name of the preferred file inside a model folder.</summary>
    public const string JsonFileName = "tokenizer.json";

    /// <summary>Name of the file that is read where there is no <see cref="JsonFileName"/>.</summary>
    public const string SentencePieceFileName = "tokenizer.model";

    private readonly TokenizerPipeline _pipeline;
    private readonly AddedTokenMatcher _rawTokens;
    private readonly AddedTokenMatcher _normalizedTokens;
    private PipelineEncoder? _idleEncoder;

    internal Tokenizer(TokenizerPipeline pipeline)
    {
        _pipeline = pipeline;
        _rawTokens = new AddedTokenMatcher(pipeline.AddedTokens.Where(token => !token.IsNormalized));
        _normalizedTokens = new AddedTokenMatcher(pipeline.AddedTokens.Where(token => token.IsNormalized));
    }

    /// <summary>The largest token id and 1. The model may have more rows than that: embeddings are often padded.</summary>
    public int VocabularySize => _pipeline.Model.Vocabulary.Size;

    /// <summary>The token that marks the beginning of a text, if the model has one.</summary>
    public int? BeginOfText => _pipeline.BeginOfText;

    /// <summary>The token that marks the end of a text, if the model has one.</summary>
    public int? EndOfText => _pipeline.EndOfText;

    /// <summary>Whether <see cref="Encode"/> puts <see cref="BeginOfText"/> in front when special tokens are wanted.</summary>
    public bool AddsBeginOfText => BeginOfText is int begin && _pipeline.Prefix.Contains(begin);

    /// <summary>Whether <see cref="Encode"/> puts <see cref="EndOfText"/> behind when special tokens are wanted.</summary>
    public bool AddsEndOfText => EndOfText is int end && _pipeline.Suffix.Contains(end);

    /// <summary>Ids of the tokens that stand for no text, such as markers of begin, end and turns.</summary>
    public IReadOnlySet<int> SpecialIds => _pipeline.SpecialIds;

    /// <summary>Reads the tokenizer of a model folder.</summary>
    /// <param name="folder">Folder with <c>tokenizer.json</c> or <c>tokenizer.model</c>, the first of the two preferred;
    /// <c>tokenizer_config.json</c> beside it is read when there. Or a GGUF file, which has its vocabulary inside.</param>
    /// <exception cref="ModelFormatException">There is neither file, or one is broken.</exception>
    /// <exception cref="UnsupportedModelException">The file holds a kind of tokenizer or a component that is not supported.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">A file may not be read.</exception>
    public static Tokenizer Load(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        if (ModelFolder.IsGguf(folder))
        {
            return LoadGguf(folder);
        }

        string json = Path.Combine(folder, JsonFileName);
        string model = Path.Combine(folder, SentencePieceFileName);
        TokenizerSettings settings = TokenizerSettings.Read(folder);
        if (File.Exists(json))
        {
            return new Tokenizer(TokenizerJson.Read(json, settings));
        }

        return File.Exists(model)
            ? new Tokenizer(SentencePieceModel.Read(model, settings))
            : throw new ModelFormatException(
                folder, "tokenizer", $"is missing (neither '{JsonFileName}' nor '{SentencePieceFileName}' is there)", "one of the two files",
                nextStep: "Copy it from the model that the weights come from.");
    }

    private static Tokenizer LoadGguf(string path)
    {
        using var file = GgufFile.Open(path);
        IReadOnlyDictionary<string, byte[]> files = GgufTokenizerFiles.Of(file);
        if (files.Count == 0)
        {
            throw new ModelFormatException(path, "tokenizer", "is missing", "a vocabulary in the metadata", nextStep: "Use a GGUF file that has one.");
        }

        TokenizerSettings settings = TokenizerSettings.Read(ConfigDocument.Parse(files[TokenizerSettings.FileName], path));
        return new Tokenizer(files.TryGetValue(JsonFileName, out byte[]? json)
            ? TokenizerJson.Read(ConfigDocument.Parse(json, path), settings)
            : SentencePieceModel.Read(SentencePieceFile.Parse(files[SentencePieceFileName], path), path, settings));
    }

    /// <summary>Turns a text into token ids.</summary>
    /// <param name="text">Text of any length.</param>
    /// <param name="addSpecialTokens">Whether the ids that the model wants around every text are added, such as <see cref="BeginOfText"/>.
    /// Special tokens written out in the text are recognised in any case where <c>tokenizer.json</c> was read, and in no case where
    /// <c>tokenizer.model</c> was.</param>
    public int[] Encode(string text, bool addSpecialTokens = true)
    {
        ArgumentNullException.ThrowIfNull(text);

        // One encoder waits for the next call; calls at the same time make their own.
        PipelineEncoder encoder = Interlocked.Exchange(ref _idleEncoder, null) ?? new PipelineEncoder(_pipeline, _rawTokens, _normalizedTokens);
        ReadOnlySpan<int> ids = encoder.Encode(text).Ids;
        int[] result = addSpecialTokens ? [.. _pipeline.Prefix, .. ids, .. _pipeline.Suffix] : ids.ToArray();
        encoder.Clear();
        Volatile.Write(ref _idleEncoder, encoder);
        return result;
    }

    /// <summary>Turns token ids into text.</summary>
    /// <remarks>
    /// Bytes that are no valid UTF-8 become U+FFFD. An id without a token stands for nothing: models have more rows than their
    /// vocabulary has tokens.
    /// </remarks>
    /// <param name="ids">Token ids, 0 or more each.</param>
    /// <param name="skipSpecialTokens">Whether special tokens are left out; otherwise their contents are part of the text.</param>
    /// <exception cref="ArgumentOutOfRangeException">An id is negative.</exception>
    public string Decode(ReadOnlySpan<int> ids, bool skipSpecialTokens = true)
    {
        StreamingDecoder decoder = CreateStreamingDecoder(skipSpecialTokens);
        foreach (int id in ids)
        {
            decoder.Push(id);
        }

        return decoder.Finish();
    }

    /// <summary>Starts to turn token ids into text one by one.</summary>
    /// <param name="skipSpecialTokens">Whether special tokens are left out; otherwise their contents are part of the text.</param>
    public StreamingDecoder CreateStreamingDecoder(bool skipSpecialTokens = true) => new(_pipeline, skipSpecialTokens);

    /// <summary>A token to look at: the text it stands for, with bytes that are no whole character written as <c>&lt;0xE2&gt;</c>.</summary>
    /// <param name="id">Token id, 0 or more.</param>
    /// <returns>The text; the content of a special token; empty where the id has no token.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The id is negative.</exception>
    public string TokenText(int id)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(id);
        string? token = _pipeline.Model.Vocabulary.TokenOrNull(id);
        if (token is null || SpecialIds.Contains(id))
        {
            return token ?? "";
        }

        ReadOnlySpan<byte> bytes = _pipeline.Decoder.BytesOf(token);
        var text = new StringBuilder();
        while (!bytes.IsEmpty)
        {
            bool isWhole = Rune.DecodeFromUtf8(bytes, out Rune rune, out int length) == System.Buffers.OperationStatus.Done;
            text.Append(isWhole ? rune.ToString() : Bpe.ByteToken.Write(bytes[0]));
            bytes = bytes[(isWhole ? length : 1)..];
        }

        return text.ToString();
    }

    /// <summary>The bytes of UTF-8 text that a token stands for.</summary>
    /// <remarks>
    /// A visible blank (U+2581) counts as one byte, a byte token as one. The blank that some models put in front of every text counts as
    /// part of its token, although the text does not have it.
    /// </remarks>
    /// <param name="id">Token id, 0 or more.</param>
    /// <returns>Bytes; 0 for special tokens and where the id has no token.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The id is negative.</exception>
    public int ByteLength(int id)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(id);
        string? token = _pipeline.Model.Vocabulary.TokenOrNull(id);
        return token is null || SpecialIds.Contains(id) ? 0 : _pipeline.Decoder.BytesOf(token).Length;
    }

    /// <summary>Looks for a token by its content as the file writes it, such as <c>&lt;|end_of_text|&gt;</c>.</summary>
    /// <param name="token">Content.</param>
    /// <param name="id">Its id.</param>
    /// <returns>Whether there is such a token.</returns>
    public bool TryGetId(string token, out int id)
    {
        ArgumentNullException.ThrowIfNull(token);
        return _pipeline.Model.Vocabulary.TryGetId(token, out id);
    }
}
