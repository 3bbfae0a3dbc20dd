using Niwaki.Formats;
using Niwaki.Tokenizers;

namespace Niwaki.Evaluation;

/// <summary>Tells whether two tokenizers give the same ids, as two forms of one model must.</summary>
public static class TokenizerComparison
{
    /// <summary>Compares what the ids stand for.</summary>
    /// <param name="first">One tokenizer.</param>
    /// <param name="second">The other.</param>
    /// <exception cref="VerificationException">An id that both have stands for different texts.</exception>
    public static void ThrowIfDifferent(Tokenizer first, Tokenizer second)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        int count = Math.Min(first.VocabularySize, second.VocabularySize);
        for (int id = 0; id < count; id++)
        {
            ThrowIfDifferent(id, first, second);
        }
    }

    /// <summary>Compares the ids that both give for one text.</summary>
    /// <param name="ids">Ids of the first tokenizer.</param>
    /// <param name="others">Ids of the second one.</param>
    /// <param name="first">The first tokenizer.</param>
    /// <param name="second">The second one.</param>
    /// <exception cref="VerificationException">They differ.</exception>
    public static void ThrowIfDifferent(ReadOnlySpan<int> ids, ReadOnlySpan<int> others, Tokenizer first, Tokenizer second)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        int same = ids.CommonPrefixLength(others);
        if (same < ids.Length || same < others.Length)
        {
            string Shown(ReadOnlySpan<int> all, Tokenizer tokenizer) =>
                same < all.Length ? $"{all[same]} ('{MessageText.Shown(tokenizer.TokenText(all[same]))}')" : "no more";
            throw new VerificationException(
                $"Token {same} of the text is {Shown(ids, first)} for the one and {Shown(others, second)} for the other, expected the same ids. The models have different tokenizers.");
        }
    }

    private static void ThrowIfDifferent(int id, Tokenizer first, Tokenizer second)
    {
        string expected = first.TokenText(id), found = second.TokenText(id);
        if (expected != found)
        {
            throw new VerificationException(
                $"Token {id} is '{MessageText.Shown(expected)}' for the one and '{MessageText.Shown(found)}' for the other, expected the same text. The models have different tokenizers.");
        }
    }
}
