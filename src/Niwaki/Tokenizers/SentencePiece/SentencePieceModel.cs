using Niwaki.Formats;
using Niwaki.Tokenizers.Bpe;
using Niwaki.Tokenizers.Decoders;
using Niwaki.Tokenizers.HuggingFace;
using Niwaki.Tokenizers.Normalizers;
using Niwaki.Tokenizers.Pipeline;

namespace Niwaki.Tokenizers.SentencePiece;

/// <summary>Reads <c>tokenizer.model</c>, the file of SentencePiece (Kudo and Richardson, 2018), of the byte-pair kind.</summary>
internal static class SentencePieceModel
{
    private const int BytePairType = 2;

    /// <summary>Reads a file.</summary>
    /// <param name="path">File.</param>
    /// <param name="settings">Settings of the folder.</param>
    /// <exception cref="ModelFormatException">The file is broken.</exception>
    /// <exception cref="UnsupportedModelException">The file holds another kind of model, or options that are not supported.</exception>
    public static TokenizerPipeline Read(string path, TokenizerSettings settings) => Read(SentencePieceFile.Read(path), path, settings);

    /// <summary>Makes a tokenizer of the content of a file.</summary>
    /// <param name="file">The content.</param>
    /// <param name="path">Path that errors name.</param>
    /// <param name="settings">Settings of the folder.</param>
    /// <exception cref="ModelFormatException">The file is broken.</exception>
    /// <exception cref="UnsupportedModelException">The file holds another kind of model, or options that are not supported.</exception>
    public static TokenizerPipeline Read(SentencePieceFile file, string path, TokenizerSettings settings)
    {
        CheckSupport(file, path);
        Vocabulary vocabulary = ReadVocabulary(file, path);
        var merges = new PieceMerges(file.Pieces);
        var options = new BpeOptions { FallsBackToBytes = file.FallsBackToBytes, UnknownId = FindUnknown(file, path), FusesUnknown = true };
        var model = new BpeModel(vocabulary, merges.Table, options, merges.InnerCharacters);

        int? begin = FindMarker(settings.BeginOfText, file.BeginOfTextId, vocabulary, file);
        int? end = FindMarker(settings.EndOfText, file.EndOfTextId, vocabulary, file);
        return new TokenizerPipeline
        {
            Model = model,
            Cuts = SafeCuts.Create(model, mergesBytes: false),
            AddedTokens = FindUserDefined(file),
            Normalizer = new SentencePieceNormalizer(file.AddsDummyPrefix, file.RemovesExtraBlanks, file.EscapesBlanks),
            Decoder = MakeDecoder(file),
            Prefix = (settings.AddsBeginOfText ?? true) && begin is int first ? [first] : [],
            Suffix = (settings.AddsEndOfText ?? false) && end is int last ? [last] : [],
            SpecialIds = Enumerable.Range(0, file.Pieces.Count).Where(id => IsSpecial(file.Pieces[id])).ToHashSet(),
            BeginOfText = begin,
            EndOfText = end,
        };
    }

    private static void CheckSupport(SentencePieceFile file, string path)
    {
        if (file.ModelType != BytePairType)
        {
            string name = file.ModelType switch { 1 => "unigram", 3 => "word", 4 => "char", int other => MessageText.Count(other) };
            throw new UnsupportedModelException(path, "trainer_spec.model_type", $"is {name}", "bpe");
        }

        if (file.TreatsBlanksAsSuffix)
        {
            throw new UnsupportedModelException(path, "trainer_spec.treat_whitespace_as_suffix", "is true", "false");
        }

        if (file.HasCharacterMap)
        {
            string found = $"has a compiled character map (rule '{MessageText.Shown(file.NormalizationName)}')";
            throw new UnsupportedModelException(
                path, "normalizer_spec", found, "the rule 'identity' without a map", "Use the tokenizer.json of the model instead.");
        }
    }

    private static Vocabulary ReadVocabulary(SentencePieceFile file, string path)
    {
        var vocabulary = new Vocabulary(file.Pieces.Count);
        for (int id = 0; id < file.Pieces.Count; id++)
        {
            Piece piece = file.Pieces[id];
            if (!vocabulary.TryAdd(piece.Text, id))
            {
                throw new ModelFormatException(path, Item(id, piece), "appears twice", "each piece once");
            }
        }

        for (int id = 0; id < file.Pieces.Count; id++)
        {
            if (file.Pieces[id].Type == PieceType.Unused && CanBeMerged(file.Pieces[id].Text, vocabulary))
            {
                throw new UnsupportedModelException(path, Item(id, file.Pieces[id]), "is of type 'unused'", "pieces that are in use, or that no merge leads to");
            }
        }

        return vocabulary;
    }

    /// <summary>Whether two pieces make a third, or it is a character: SentencePiece merges to unused ones and then cuts them again. Those that fill up holes are out of reach.</summary>
    private static bool CanBeMerged(string text, Vocabulary vocabulary)
    {
        bool IsSymbol(string part) => vocabulary.TryGetId(part, out _) || part.EnumerateRunes().Count() == 1;
        return text.EnumerateRunes().Count() < 2 || Enumerable.Range(1, text.Length - 1).Any(cut => IsSymbol(text[..cut]) && IsSymbol(text[cut..]));
    }

    private static int FindUnknown(SentencePieceFile file, string path)
    {
        int[] unknown = [.. Enumerable.Range(0, file.Pieces.Count).Where(id => file.Pieces[id].Type == PieceType.Unknown)];
        return unknown.Length == 1
            ? unknown[0]
            : throw new ModelFormatException(path, "vocabulary", $"has {unknown.Length} pieces of type 'unknown'", "exactly one");
    }

    private static int? FindMarker(string? content, int id, Vocabulary vocabulary, SentencePieceFile file)
    {
        if (content is not null)
        {
            return vocabulary.TryGetId(content, out int named) ? named : null;
        }

        return id >= 0 && id < file.Pieces.Count && file.Pieces[id].Type == PieceType.Control ? id : null;
    }

    /// <summary>User-defined pieces are never cut nor merged; SentencePiece looks for them in the normalised text, blanks and all.</summary>
    private static List<AddedToken> FindUserDefined(SentencePieceFile file)
    {
        var tokens = new List<AddedToken>();
        for (int id = 0; id < file.Pieces.Count; id++)
        {
            if (file.Pieces[id].Type == PieceType.UserDefined)
            {
                string text = file.Pieces[id].Text;
                string pattern = file.EscapesBlanks ? text.Replace(' ', SentencePieceNormalizer.Metaspace) : text;
                tokens.Add(new AddedToken { Id = id, Content = text, Pattern = pattern, IsNormalized = true });
            }
        }

        return tokens;
    }

    private static DecoderChain MakeDecoder(SentencePieceFile file)
    {
        // The blank that was put in front goes again; where extra blanks are dropped, no text can begin with any.
        // SentencePiece knows them by their escape only.
        int leadingBlanks = !file.EscapesBlanks ? 0 : file.RemovesExtraBlanks ? int.MaxValue : file.AddsDummyPrefix ? 1 : 0;
        List<DecoderStep> steps =
        [
            next => new ByteFallbackStage(next),
            next => new FuseStage(next),
            next => new StripStage(' ', leadingBlanks, 0, next),
        ];
        if (file.EscapesBlanks)
        {
            steps.Insert(0, next => new ReplaceStage(SentencePieceNormalizer.Metaspace.ToString(), " ", next));
        }

        return new DecoderChain
        {
            Steps = steps,
            ReadsByteTokens = true,
            Metaspace = file.EscapesBlanks ? SentencePieceNormalizer.Metaspace : null,
        };
    }

    private static bool IsSpecial(Piece piece) => piece.Type is PieceType.Control or PieceType.Unknown;

    private static string Item(int id, Piece piece) => $"piece {id} ('{MessageText.Shown(piece.Text)}')";
}
