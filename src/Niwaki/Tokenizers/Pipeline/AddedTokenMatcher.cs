using System.Buffers;
using System.Text;
using Niwaki.Tokenizers.PreTokenizers;

namespace Niwaki.Tokenizers.Pipeline;

/// <summary>Finds added tokens in a text: from left to right, the longest at each place.</summary>
/// <remarks>A tree of prefixes; takes time in proportion to the text, times the longest token at worst. Immutable and thread safe.</remarks>
internal sealed class AddedTokenMatcher
{
    private const int Root = 0;

    private readonly Dictionary<(int Node, char Next), int> _children = [];
    private readonly List<AddedToken?> _ends = [null];
    private readonly SearchValues<char> _firstCharacters;

    /// <summary>Prepares a set of tokens.</summary>
    /// <param name="tokens">Tokens; of equal patterns the first counts.</param>
    public AddedTokenMatcher(IEnumerable<AddedToken> tokens)
    {
        var first = new HashSet<char>();
        foreach (AddedToken token in tokens)
        {
            if (token.Pattern.Length > 0)
            {
                Insert(token);
                first.Add(token.Pattern[0]);
            }
        }

        _firstCharacters = SearchValues.Create([.. first]);
    }

    /// <summary>The first token at or behind a position.</summary>
    /// <param name="text">Text.</param>
    /// <param name="position">Where to begin.</param>
    /// <param name="start">Where the token begins, the white space that it takes included.</param>
    /// <param name="end">Where the token ends, the white space that it takes included; the place to search on from.</param>
    /// <returns>The token, or null where there is none.</returns>
    public AddedToken? FindNext(ReadOnlySpan<char> text, int position, out int start, out int end)
    {
        start = position;
        while (start < text.Length)
        {
            int offset = text[start..].IndexOfAny(_firstCharacters);
            if (offset < 0)
            {
                break;
            }

            start += offset;
            if (FindLongest(text, start, out end) is { } token)
            {
                if (!token.IsSingleWord || StandsAlone(text, start, end))
                {
                    TakeWhiteSpace(token, text, position, ref start, ref end);
                    return token;
                }

                start = end;
            }
            else
            {
                start++;
            }
        }

        start = end = text.Length;
        return null;
    }

    private static bool StandsAlone(ReadOnlySpan<char> text, int start, int end)
    {
        bool wordBefore = Rune.DecodeLastFromUtf16(text[..start], out Rune before, out _) == OperationStatus.Done && CharacterKinds.IsWord(before);
        bool wordAfter = Rune.DecodeFromUtf16(text[end..], out Rune after, out _) == OperationStatus.Done && CharacterKinds.IsWord(after);
        return !wordBefore && !wordAfter;
    }

    private static void TakeWhiteSpace(AddedToken token, ReadOnlySpan<char> text, int position, ref int start, ref int end)
    {
        if (token.StripsLeft)
        {
            start = position + text[position..start].TrimEnd().Length;
        }

        if (token.StripsRight)
        {
            end = text.Length - text[end..].TrimStart().Length;
        }
    }

    private void Insert(AddedToken token)
    {
        int node = Root;
        foreach (char c in token.Pattern)
        {
            if (!_children.TryGetValue((node, c), out int child))
            {
                child = _ends.Count;
                _children.Add((node, c), child);
                _ends.Add(null);
            }

            node = child;
        }

        _ends[node] ??= token;
    }

    private AddedToken? FindLongest(ReadOnlySpan<char> text, int start, out int end)
    {
        AddedToken? longest = null;
        end = start;
        int node = Root;
        for (int i = start; i < text.Length && _children.TryGetValue((node, text[i]), out node); i++)
        {
            if (_ends[node] is { } token)
            {
                longest = token;
                end = i + 1;
            }
        }

        return longest;
    }
}
