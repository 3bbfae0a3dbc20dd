using System.Buffers;
using System.Text;

namespace Niwaki.Tokenizers.PreTokenizers;

/// <summary>Cuts a text by the pattern of GPT-2 and writes the UTF-8 bytes of the pieces in the characters of <see cref="ByteAlphabet"/>.</summary>
internal sealed class ByteLevelPreTokenizer : PreTokenizer
{
    private readonly bool _addsPrefixSpace;
    private readonly SplitPreTokenizer? _split;
    private readonly bool _writesBytes;

    /// <summary>Makes a step.</summary>
    /// <param name="addsPrefixSpace">Whether a text that does not begin with a blank gets one in front.</param>
    /// <param name="usesPattern">Whether the text is cut by the pattern of GPT-2.</param>
    /// <param name="writesBytes">False leaves the pieces as text, for a model that takes the bytes itself.</param>
    public ByteLevelPreTokenizer(bool addsPrefixSpace, bool usesPattern, bool writesBytes)
    {
        _addsPrefixSpace = addsPrefixSpace;
        _split = usesPattern ? new SplitPreTokenizer(new Gpt2Pattern(), SplitBehaviour.Isolated) : null;
        _writesBytes = writesBytes;
    }

    /// <summary>The same step with the pieces left as text.</summary>
    public ByteLevelPreTokenizer WithoutBytes() => new(_addsPrefixSpace, _split is not null, writesBytes: false);

    public override void Split(ReadOnlySpan<char> text, bool startsText, PieceSink next)
    {
        PieceSink sink = _writesBytes ? new ByteWriter(next) : next;
        if (!_addsPrefixSpace || text[0] == ' ')
        {
            Cut(text, startsText, sink);
            return;
        }

        char[] buffer = ArrayPool<char>.Shared.Rent(text.Length + 1);
        buffer[0] = ' ';
        text.CopyTo(buffer.AsSpan(1));
        Cut(buffer.AsSpan(0, text.Length + 1), startsText, sink);
        ArrayPool<char>.Shared.Return(buffer);
    }

    private void Cut(ReadOnlySpan<char> text, bool startsText, PieceSink sink)
    {
        if (_split is null)
        {
            sink.Take(text, startsText);
        }
        else
        {
            _split.Split(text, startsText, sink);
        }
    }

    private sealed class ByteWriter(PieceSink next) : PieceSink
    {
        public override void Take(ReadOnlySpan<char> piece, bool startsText)
        {
            int count = Encoding.UTF8.GetByteCount(piece);
            byte[] bytes = ArrayPool<byte>.Shared.Rent(count);
            char[] characters = ArrayPool<char>.Shared.Rent(count);
            Encoding.UTF8.GetBytes(piece, bytes);
            for (int i = 0; i < count; i++)
            {
                characters[i] = ByteAlphabet.ToCharacter(bytes[i]);
            }

            ArrayPool<byte>.Shared.Return(bytes);
            next.Take(characters.AsSpan(0, count), startsText);
            ArrayPool<char>.Shared.Return(characters);
        }
    }
}
