namespace Niwaki.Evaluation.Speed;

/// <summary>How fast one model was with one batch and length.</summary>
/// <remarks>
/// Prefill passes the whole prompts of the batch and gives the logits behind the last token of each; the figure of a run is that of its median pass, see
/// <see cref="SpeedOptions.PrefillTime"/>. Decode adds one token to every sequence at a time. Rates
/// count the tokens of all sequences. Those "of blocks" leave the output head out, which is the same before and after pruning: embedding, blocks and cache.
/// </remarks>
public sealed record SpeedRow
{
    /// <summary>Which of the models, from 0.</summary>
    public required int Model { get; init; }

    /// <summary>Sequences at once.</summary>
    public required int Batch { get; init; }

    /// <summary>Tokens of a prompt.</summary>
    public required int Prompt { get; init; }

    /// <summary>Tokens written for each sequence.</summary>
    public required int Generated { get; init; }

    /// <summary>Tokens a second of the prompts.</summary>
    public required Spread Prefill { get; init; }

    /// <summary>Tokens a second that are written.</summary>
    public required Spread Decode { get; init; }

    /// <summary>As <see cref="Prefill"/>, output head left out.</summary>
    public required Spread PrefillOfBlocks { get; init; }

    /// <summary>As <see cref="Decode"/>, output head left out.</summary>
    public required Spread DecodeOfBlocks { get; init; }

    /// <summary>Tokens written a second of the whole, prompt included: the throughput of Shortened LLaMA (arXiv 2402.02834).</summary>
    public required Spread Throughput { get; init; }

    /// <summary>Seconds from the prompt to the first token of every sequence.</summary>
    public required Spread FirstToken { get; init; }

    /// <summary>Most bytes of weights, caches and activations at one time.</summary>
    public required long PeakBytes { get; init; }

    /// <summary>Bytes of the caches of all sequences.</summary>
    public required long KeyValueBytes { get; init; }
}
