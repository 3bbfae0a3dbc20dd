using System.Buffers;

namespace Niwaki.Tokenizers.PreTokenizers;

/// <summary>Writes blanks as a visible character, usually U+2581, and cuts in front of each.</summary>
/// <param name="replacement">The visible character.</param>
/// <param name="scheme">When one is put in front.</param>
/// <param name="splits">Whether the text is cut.</param>
internal sealed class MetaspacePreTokenizer(char replacement, PrependScheme scheme, bool splits) : PreTokenizer
{
    private readonly SplitPreTokenizer? _split =
        splits ? new SplitPreTokenizer(new LiteralPattern(replacement.ToString()), SplitBehaviour.MergedWithNext) : null;

    public override void Split(ReadOnlySpan<char> text, bool startsText, PieceSink next)
    {
        bool mayPrepend = scheme == PrependScheme.Always || (scheme == PrependScheme.First && startsText);
        int prefix = mayPrepend && text[0] != ' ' && text[0] != replacement ? 1 : 0;
        int length = prefix + text.Length;
        char[] buffer = ArrayPool<char>.Shared.Rent(length);
        buffer[0] = replacement;
        text.Replace(buffer.AsSpan(prefix), ' ', replacement);
        if (_split is null)
        {
            next.Take(buffer.AsSpan(0, length), startsText);
        }
        else
        {
            _split.Split(buffer.AsSpan(0, length), startsText, next);
        }

        ArrayPool<char>.Shared.Return(buffer);
    }
}
