using System.Buffers;
using System.Text;
using Niwaki.Tokenizers.Bpe;

namespace Niwaki.Tokenizers.Decoders;

/// <summary>Turns runs of byte tokens such as <c>&lt;0xC3&gt;</c> into characters.</summary>
/// <remarks>Every byte that belongs to no valid character becomes one U+FFFD; bytes that may still become a character are held back.</remarks>
/// <param name="next">What takes the tokens.</param>
internal sealed class ByteFallbackStage(DecoderStage next) : DecoderStage
{
    private readonly byte[] _pending = new byte[4];
    private int _count;

    public override void Take(ReadOnlySpan<char> text, bool begins, bool ends)
    {
        if (begins && ends && ByteToken.TryRead(text, out byte value))
        {
            _pending[_count++] = value;
            WriteComplete();
            return;
        }

        WriteRest();
        next.Take(text, begins, ends);
    }

    public override void Finish()
    {
        WriteRest();
        next.Finish();
    }

    private void WriteComplete()
    {
        while (_count > 0)
        {
            OperationStatus status = Rune.DecodeFromUtf8(_pending.AsSpan(0, _count), out Rune rune, out int length);
            if (status == OperationStatus.NeedMoreData)
            {
                return;
            }

            Write(rune, status == OperationStatus.Done ? 1 : length);
            _pending.AsSpan(length, _count - length).CopyTo(_pending);
            _count -= length;
        }
    }

    private void WriteRest()
    {
        Write(Rune.ReplacementChar, _count);
        _count = 0;
    }

    private void Write(Rune rune, int times)
    {
        Span<char> characters = stackalloc char[2];
        int length = rune.EncodeToUtf16(characters);
        for (int i = 0; i < times; i++)
        {
            next.Take(characters[..length], begins: true, ends: true);
        }
    }
}
