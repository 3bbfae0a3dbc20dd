using Niwaki.Tokenizers.Decoders;
using Niwaki.Tokenizers.Pipeline;

namespace Niwaki.Tokenizers;

/// <summary>Turns token ids into text one by one, as they are generated.</summary>
/// <remarks>
/// Hands out whole characters only: bytes that may still become a character are held back. All texts together equal
/// <see cref="Tokenizer.Decode"/> of all ids. Not thread safe.
/// </remarks>
public sealed class StreamingDecoder
{
    private readonly TokenizerPipeline _pipeline;
    private readonly bool _skipsSpecialTokens;
    private readonly TextCollector _collector = new();
    private readonly DecoderStage _first;

    internal StreamingDecoder(TokenizerPipeline pipeline, bool skipsSpecialTokens)
    {
        _pipeline = pipeline;
        _skipsSpecialTokens = skipsSpecialTokens;
        _first = pipeline.Decoder.Start(_collector);
    }

    /// <summary>Takes the next token.</summary>
    /// <param name="id">Token id, 0 or more; an id without a token stands for nothing.</param>
    /// <returns>The text that is complete now and was not handed out before, often empty.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The id is negative.</exception>
    public string Add(int id)
    {
        Push(id);
        return _collector.TakeText();
    }

    /// <summary>Ends the text.</summary>
    /// <returns>The rest; bytes of an unfinished character become U+FFFD.</returns>
    public string Finish()
    {
        _first.Finish();
        return _collector.TakeText();
    }

    /// <summary>Takes the next token and keeps the text until it is asked for.</summary>
    internal void Push(int id)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(id);
        string? token = _pipeline.Model.Vocabulary.TokenOrNull(id);
        if (token is not null && !(_skipsSpecialTokens && _pipeline.SpecialIds.Contains(id)))
        {
            _first.Take(token, begins: true, ends: true);
        }
    }
}
