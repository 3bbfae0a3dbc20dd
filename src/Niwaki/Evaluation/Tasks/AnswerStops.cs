using Niwaki.Tokenizers;

namespace Niwaki.Evaluation.Tasks;

/// <summary>Where an answer that a model writes about a problem of GSM8K ends.</summary>
/// <remarks>Two of the stops are special tokens of many models: they are looked for with special tokens written out, and the answer is read without any.</remarks>
internal static class AnswerStops
{
    private static readonly string[] Stops = ["Question:", "</s>", "<|im_end|>"];

    /// <summary>Whether what was written holds a stop.</summary>
    public static bool IsReached(Tokenizer tokenizer, ReadOnlySpan<int> ids)
    {
        string written = tokenizer.Decode(ids, skipSpecialTokens: false);
        return Stops.Any(stop => written.Contains(stop, StringComparison.Ordinal));
    }

    /// <summary>The text in front of the first stop, without special tokens.</summary>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="ids">What was written, which ends with the first stop, if there is one: a special token is not decoded, another text cut off.</param>
    public static string TextBefore(Tokenizer tokenizer, ReadOnlySpan<int> ids) => Stops.Aggregate(tokenizer.Decode(ids), (left, stop) => left.Split(stop)[0]);
}
