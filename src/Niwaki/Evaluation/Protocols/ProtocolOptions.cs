namespace Niwaki.Evaluation.Protocols;

/// <summary>How a text is cut and scored.</summary>
public sealed record ProtocolOptions
{
    /// <summary>Largest window that is taken where none is asked for, 2,048 tokens.</summary>
    public const int LargestDefaultWindow = 2048;

    /// <summary>Largest window, 1,048,576 tokens, as in recipes.</summary>
    public const int LargestWindow = 1 << 20;

    /// <summary>What separates documents where nothing else is said.</summary>
    public const string DefaultSeparator = "<|endoftext|>";

    /// <summary>One of <see cref="ProtocolNames"/>. Default <c>gptq</c>.</summary>
    public string Protocol { get; init; } = ProtocolNames.Gptq;

    /// <summary>Tokens of a window, 2 to <see cref="LargestWindow"/>; null: what <see cref="DefaultWindow"/> says.</summary>
    public int? Window { get; init; }

    /// <summary>Most windows, or documents for the protocols that have them, 1 or more; null: all.</summary>
    public int? Limit { get; init; }

    /// <summary><c>segments</c>: a begin-of-text token in front of every window, so that all tokens of the text are scored. Default false.</summary>
    public bool BeginEveryWindow { get; init; }

    /// <summary><c>documents</c>: what stands between two documents, one character or more. Default <c>&lt;|endoftext|&gt;</c>.</summary>
    public string Separator { get; init; } = DefaultSeparator;

    /// <summary>The window of a protocol where none is asked for: 512 for <c>llamacpp</c>, 128 for <c>segments</c>, otherwise 2,048; never more than the context.</summary>
    /// <param name="contextLength">The model's context.</param>
    public int DefaultWindow(int contextLength) => Math.Min(contextLength, Protocol switch
    {
        ProtocolNames.LlamaCpp => 512,
        ProtocolNames.Segments => 128,
        _ => LargestDefaultWindow,
    });

    /// <summary>A sentence for every value out of range.</summary>
    public IEnumerable<string> Faults()
    {
        if (!ProtocolNames.All.Contains(Protocol))
        {
            yield return $"Protocol is '{Protocol}', expected one of {string.Join(", ", ProtocolNames.All)}.";
        }

        int least = Protocol == ProtocolNames.LlamaCpp ? 4 : 2;
        if (Window < least)
        {
            yield return FormattableString.Invariant($"Window is {Window}, expected at least {least} tokens.");
        }

        if (Window > LargestWindow)
        {
            yield return FormattableString.Invariant($"Window is {Window:N0}, expected at most {LargestWindow:N0} tokens.");
        }

        if (Limit < 1)
        {
            yield return FormattableString.Invariant($"Limit is {Limit}, expected 1 or more.");
        }

        if (BeginEveryWindow && Protocol != ProtocolNames.Segments)
        {
            yield return $"A begin-of-text token in front of every window is asked for with protocol '{Protocol}', expected '{ProtocolNames.Segments}'.";
        }

        if (Separator.Length == 0)
        {
            yield return $"Separator is '{Separator}', expected one character or more.";
        }
    }
}
