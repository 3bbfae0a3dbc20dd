using Niwaki.Tokenizers.Bpe;
using Niwaki.Tokenizers.Normalizers;
using Niwaki.Tokenizers.PreTokenizers;

namespace Niwaki.Tokenizers.Pipeline;

/// <summary>Takes a text through a pipeline; holds the buffers of one call.</summary>
/// <remarks>Not thread safe: every call takes one for itself.</remarks>
internal sealed class PipelineEncoder
{
    private readonly Normalizer? _normalizer;
    private readonly AddedTokenMatcher _rawTokens;
    private readonly AddedTokenMatcher _normalizedTokens;
    private readonly BpeEncoder _model;
    private readonly PieceSink _pieces;

    /// <summary>Makes an encoder.</summary>
    /// <param name="pipeline">Pipeline.</param>
    /// <param name="rawTokens">Added tokens that are looked for in the text as it is.</param>
    /// <param name="normalizedTokens">Added tokens that are looked for in the normalised text.</param>
    public PipelineEncoder(TokenizerPipeline pipeline, AddedTokenMatcher rawTokens, AddedTokenMatcher normalizedTokens)
    {
        _normalizer = pipeline.Normalizer;
        _rawTokens = rawTokens;
        _normalizedTokens = normalizedTokens;
        _model = new BpeEncoder(pipeline.Model, pipeline.Cuts);
        _pieces = PreTokenizerSink.Chain(pipeline.PreTokenizers, _model);
    }

    /// <summary>Encodes a text.</summary>
    /// <param name="text">Text; unpaired surrogates count as U+FFFD.</param>
    /// <returns>The ids without those of the template, valid until <see cref="Clear"/>.</returns>
    public IdList Encode(string text)
    {
        text = WellFormedText.Of(text);
        int position = 0;
        while (position < text.Length)
        {
            AddedToken? token = _rawTokens.FindNext(text, position, out int start, out int end);
            if (start > position)
            {
                EncodeSegment(text, position, start);
            }

            AddToken(token);
            position = end;
        }

        return _model.Output;
    }

    /// <summary>Makes ready for the next text.</summary>
    public void Clear() => _model.Output.Clear();

    private void EncodeSegment(string text, int from, int to)
    {
        if (_normalizer is null)
        {
            EncodeNormalized(text.AsSpan(from, to - from), from == 0);
            return;
        }

        string segment = to - from == text.Length ? text : text[from..to];
        EncodeNormalized(_normalizer.Normalize(segment), from == 0);
    }

    private void EncodeNormalized(ReadOnlySpan<char> text, bool startsText)
    {
        int position = 0;
        while (position < text.Length)
        {
            AddedToken? token = _normalizedTokens.FindNext(text, position, out int start, out int end);
            if (start > position)
            {
                _pieces.Take(text[position..start], startsText && position == 0);
            }

            AddToken(token);
            position = end;
        }
    }

    private void AddToken(AddedToken? token)
    {
        if (token is not null)
        {
            _model.Output.Add(token.Id);
        }
    }
}
