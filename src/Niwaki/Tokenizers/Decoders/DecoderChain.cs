using System.Text;
using Niwaki.Tokenizers.Bpe;
using Niwaki.Tokenizers.PreTokenizers;

namespace Niwaki.Tokenizers.Decoders;

/// <summary>All steps from tokens to text, and what they say about the bytes of a single token.</summary>
/// <remarks>Immutable and thread safe.</remarks>
internal sealed record DecoderChain
{
    /// <summary>Steps in order.</summary>
    public required IReadOnlyList<DecoderStep> Steps { get; init; }

    /// <summary>Whether tokens are written in the byte alphabet.</summary>
    public bool ReadsByteAlphabet { get; init; }

    /// <summary>Whether tokens such as <c>&lt;0x0A&gt;</c> stand for a byte.</summary>
    public bool ReadsByteTokens { get; init; }

    /// <summary>The character that stands for a blank, if one does.</summary>
    public char? Metaspace { get; init; }

    /// <summary>Starts all steps for one sequence of tokens.</summary>
    /// <param name="last">What takes the text.</param>
    public DecoderStage Start(DecoderStage last)
    {
        DecoderStage stage = last;
        for (int i = Steps.Count - 1; i >= 0; i--)
        {
            stage = Steps[i](stage);
        }

        return stage;
    }

    /// <summary>The bytes of text that a token stands for in the middle of a text.</summary>
    public byte[] BytesOf(string token)
    {
        if (ReadsByteTokens && ByteToken.TryRead(token, out byte value))
        {
            return [value];
        }

        if (ReadsByteAlphabet && token.All(c => ByteAlphabet.TryGetByte(c, out _)))
        {
            return [.. token.Select(c => ByteAlphabet.TryGetByte(c, out byte found) ? found : (byte)0)];
        }

        return Encoding.UTF8.GetBytes(Metaspace is char blank ? token.Replace(blank, ' ') : token);
    }
}
