using Niwaki.Tokenizers;

namespace Niwaki.Evaluation.Likelihood;

/// <summary>Turns texts into requests, as lm-evaluation-harness does.</summary>
public sealed class RequestEncoder
{
    private readonly Func<string, int[]> _encode;
    private readonly int[] _begin;
    private readonly int _prefix;

    /// <summary>Makes an encoder.</summary>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="encode">Turns a text into ids that the model has, without any that the tokenizer adds.</param>
    /// <param name="mode">Whether prompts begin with the begin-of-text token.</param>
    /// <param name="longest">Most tokens that the model reads, 1 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException">The length is below 1.</exception>
    /// <exception cref="ArgumentException">The tokenizer has neither a begin nor an end of text, so that an empty context stands for nothing.</exception>
    public RequestEncoder(Tokenizer tokenizer, Func<string, int[]> encode, BeginOfTextMode mode, int longest)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentNullException.ThrowIfNull(encode);
        ArgumentOutOfRangeException.ThrowIfLessThan(longest, 1);
        _encode = encode;
        Longest = longest;
        bool begins = mode == BeginOfTextMode.On || (mode == BeginOfTextMode.Auto && tokenizer.AddsBeginOfText);
        _begin = begins && tokenizer.BeginOfText is { } begin ? [begin] : [];
        _prefix = tokenizer.BeginOfText ?? tokenizer.EndOfText
            ?? throw new ArgumentException($"Tokenizer of {tokenizer.VocabularySize} tokens has neither a begin nor an end of text, expected one of them.", nameof(tokenizer));
    }

    /// <summary>Most tokens that the model reads.</summary>
    public int Longest { get; }

    /// <summary>Whether prompts begin with the begin-of-text token.</summary>
    public bool Begins => _begin.Length > 0;

    /// <summary>A request for a continuation behind a context.</summary>
    /// <remarks>
    /// White space at the end of the context moves to the front of the continuation. Both are tokenised together, and the continuation is what comes behind as many
    /// tokens as the context has alone; it is never tokenised by itself. What is too long loses its first tokens. An empty context is the begin-of-text token, or
    /// the end-of-text token where there is none.
    /// </remarks>
    /// <param name="context">Text in front.</param>
    /// <param name="continuation">Text to score.</param>
    public LikelihoodRequest Pair(string context, string continuation)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(continuation);
        if (context.Length == 0)
        {
            int[] alone = _encode(continuation);
            return Cut(alone.FirstOrDefault(-1) == _prefix ? alone : [_prefix, .. alone], 1);
        }

        string stripped = PythonText.TrimEnd(context);
        string whole = context + continuation;
        int start = Encode(stripped).Length;
        int[] ids = Encode(whole);
        return stripped.Length == 0 && !Begins ? Cut([_prefix, .. ids], 1) : Cut(ids, Math.Min(start, ids.Length));
    }

    /// <summary>Ids of a prompt to continue, cut from the left so that a number of tokens can follow.</summary>
    /// <param name="prompt">The prompt.</param>
    /// <param name="room">Tokens that are to be written, fewer than the model reads.</param>
    public int[] Prompt(string prompt, int room)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(room, Longest);
        int[] ids = Encode(prompt);
        int[] some = ids.Length == 0 ? [_prefix] : ids;
        return some[Math.Max(0, some.Length - (Longest - room))..];
    }

    private int[] Encode(string text)
    {
        int[] ids = _encode(text);
        return _begin.Length == 0 || ids.FirstOrDefault(-1) == _begin[0] ? ids : [.. _begin, .. ids];
    }

    private LikelihoodRequest Cut(int[] ids, int start)
    {
        if (ids.Length < 2)
        {
            return new LikelihoodRequest([_prefix, .. ids, .. ids.Length == 0 ? [_prefix] : Array.Empty<int>()], ids.Length == 0 ? 2 : start + 1);
        }

        int dropped = Math.Max(0, ids.Length - (Longest + 1));

        // A continuation longer than the model reads is scored from its second token that is left.
        return new LikelihoodRequest(ids[dropped..], Math.Max(1, start - dropped));
    }
}
