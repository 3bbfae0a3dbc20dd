using System.Text;
using Niwaki.Tokenizers;

namespace Niwaki.Evaluation.Tasks;

/// <summary>Where an answer that a model writes about a problem of GSM8K ends.</summary>
/// <remarks>Two of the stops are special tokens of many models: they are looked for with special tokens written out, and the answer is read without any.</remarks>
internal static class AnswerStops
{
    private static readonly string[] Stops = ["Question:", "</s>", "<|im_end|>"];

    /// <summary>Whether what was written holds a stop.</summary>
    public static bool IsReached(Tokenizer tokenizer, ReadOnlySpan<int> ids) => Holds(tokenizer.Decode(ids, skipSpecialTokens: false));

    /// <summary>The text in front of the first stop, without special tokens.</summary>
    public static string TextBefore(Tokenizer tokenizer, ReadOnlySpan<int> ids)
    {
        StreamingDecoder decoder = tokenizer.CreateStreamingDecoder(skipSpecialTokens: false);
        var written = new StringBuilder();
        int count = 0;
        while (count < ids.Length && !Holds(written.ToString()))
        {
            written.Append(decoder.Add(ids[count]));
            count++;
        }

        // A stop that is a special token is the last of these and not decoded; another one is cut off.
        return Stops.Aggregate(tokenizer.Decode(ids[..count]), (left, stop) => left.Split(stop)[0]);
    }

    private static bool Holds(string text) => Stops.Any(stop => text.Contains(stop, StringComparison.Ordinal));
}
