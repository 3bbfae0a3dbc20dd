using Niwaki.Formats;
using Niwaki.Formats.HuggingFace;
using Niwaki.Tokenizers.Bpe;
using Niwaki.Tokenizers.Normalizers;
using Niwaki.Tokenizers.Pipeline;

namespace Niwaki.Tokenizers.HuggingFace;

/// <summary>Reads the added tokens of <c>tokenizer.json</c>.</summary>
internal static class AddedTokenReader
{
    /// <summary>Characters that the normaliser may add to all tokens together: forty steps that write one letter as two make a terabyte of it. Known files add one to a token.</summary>
    private const long MaxGrowth = 1 << 22;

    /// <summary>Reads the list and adds what is new to the vocabulary.</summary>
    /// <param name="document">The whole file.</param>
    /// <param name="vocabulary">Tokens of the model.</param>
    /// <param name="normalizer">Rewrites the texts in which tokens marked as normalised are looked for, and so those tokens too.</param>
    /// <exception cref="ModelFormatException">A token is empty, listed twice, at odds with the vocabulary, or far longer when normalised.</exception>
    public static IReadOnlyList<AddedToken> Read(ConfigDocument document, Vocabulary vocabulary, Normalizer? normalizer)
    {
        var tokens = new List<AddedToken>();
        var seen = new HashSet<int>();
        long room = MaxGrowth;
        foreach (ConfigDocument entry in document.GetObjectsOrNull("added_tokens") ?? [])
        {
            AddedToken token = ReadToken(entry, normalizer, ref room);
            CheckAndAdd(token, vocabulary, entry.File);
            if (!seen.Add(token.Id))
            {
                throw new ModelFormatException(entry.File, Item(token), $"is listed twice (id {token.Id})", "each added token once");
            }

            tokens.Add(token);
        }

        return tokens;
    }

    private static AddedToken ReadToken(ConfigDocument entry, Normalizer? normalizer, ref long room)
    {
        string content = entry.GetString("content");
        if (content.Length == 0)
        {
            throw ComponentFault.Broken(entry, "added token", "content", "a text that is not empty");
        }

        bool isNormalized = entry.GetBooleanOrNull("normalized") ?? true;
        string? pattern = isNormalized && normalizer is not null ? normalizer.NormalizeWithin(content, ref room) : content;
        if (pattern is null)
        {
            string found = $"makes the added tokens longer by more than {MessageText.Count(MaxGrowth)} characters in the normalizer";
            throw new ModelFormatException(entry.File, $"added token '{MessageText.Shown(content)}'", found, "no more than that");
        }

        return new AddedToken
        {
            Id = entry.GetInt32("id", 0, BpeModelReader.MaxId),
            Content = content,
            Pattern = pattern,
            IsSpecial = entry.GetBooleanOrNull("special") ?? false,
            IsNormalized = isNormalized,
            StripsLeft = entry.GetBooleanOrNull("lstrip") ?? false,
            StripsRight = entry.GetBooleanOrNull("rstrip") ?? false,
            IsSingleWord = entry.GetBooleanOrNull("single_word") ?? false,
        };
    }

    private static void CheckAndAdd(AddedToken token, Vocabulary vocabulary, string file)
    {
        if (vocabulary.TryGetId(token.Content, out int id))
        {
            if (id != token.Id)
            {
                throw new ModelFormatException(file, Item(token), $"has id {token.Id}", $"id {id}, as in the vocabulary");
            }
        }
        else if (!vocabulary.TryAdd(token.Content, token.Id))
        {
            string owner = MessageText.Shown(vocabulary.TokenOrNull(token.Id)!);
            throw new ModelFormatException(file, Item(token), $"has id {token.Id}, which is the id of '{owner}'", "an id of its own");
        }
    }

    private static string Item(AddedToken token) => $"added token '{MessageText.Shown(token.Content)}'";
}
