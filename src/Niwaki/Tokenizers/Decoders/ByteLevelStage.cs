using System.Buffers;
using System.Text;
using Niwaki.Tokenizers.PreTokenizers;

namespace Niwaki.Tokenizers.Decoders;

/// <summary>Reads tokens written in the byte alphabet; all tokens become one.</summary>
/// <remarks>
/// A token with a character outside the alphabet stands for itself. Bytes that are no valid UTF-8 become U+FFFD, one for every maximal
/// part of a character (Unicode 15, section 3.9); bytes that may still become a character are held back.
/// </remarks>
/// <param name="next">What takes the text.</param>
internal sealed class ByteLevelStage(DecoderStage next) : DecoderStage
{
    private readonly Decoder _utf8 = Encoding.UTF8.GetDecoder();
    private bool _hasBegun;

    public override void Take(ReadOnlySpan<char> text, bool begins, bool ends)
    {
        byte[] bytes = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(text.Length));
        int count = 0;
        foreach (char c in text)
        {
            if (!ByteAlphabet.TryGetByte(c, out bytes[count++]))
            {
                count = Encoding.UTF8.GetBytes(text, bytes);
                break;
            }
        }

        Write(bytes.AsSpan(0, count), ends: false);
        ArrayPool<byte>.Shared.Return(bytes);
    }

    public override void Finish()
    {
        Write([], ends: true);
        next.Finish();
    }

    private void Write(ReadOnlySpan<byte> bytes, bool ends)
    {
        char[] characters = ArrayPool<char>.Shared.Rent(Encoding.UTF8.GetMaxCharCount(bytes.Length));
        int count = _utf8.GetChars(bytes, characters, flush: ends);
        next.Take(characters.AsSpan(0, count), begins: !_hasBegun, ends);
        _hasBegun = true;
        ArrayPool<char>.Shared.Return(characters);
    }
}
