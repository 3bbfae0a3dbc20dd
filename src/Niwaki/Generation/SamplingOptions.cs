namespace Niwaki.Generation;

/// <summary>How the next token is chosen. Applied in this order: temperature, top-k, top-p.</summary>
/// <param name="Temperature">Divides the logits; 0: always the most probable token; 1: the model's own distribution. 0 or more. Default 1.</param>
/// <param name="TopK">Only the K most probable tokens can be chosen; 0: all. 0 or more. Default 0.</param>
/// <param name="TopP">Only the most probable tokens that together reach this probability can be chosen (nucleus sampling, arXiv 1904.09751). More than 0, at most 1: all. Default 1.</param>
/// <param name="Seed">Any value; the same seed gives the same tokens. Default 0.</param>
public sealed record SamplingOptions(double Temperature = 1, int TopK = 0, double TopP = 1, long Seed = 0)
{
    /// <summary>Always the most probable token.</summary>
    public static SamplingOptions Greedy { get; } = new(Temperature: 0);

    /// <summary>A sentence for every value out of range.</summary>
    public IEnumerable<string> Faults()
    {
        if (!double.IsFinite(Temperature) || Temperature < 0)
        {
            yield return FormattableString.Invariant($"Temperature is {Temperature}, expected a number of 0 or more.");
        }

        if (TopK < 0)
        {
            yield return FormattableString.Invariant($"TopK is {TopK}, expected 0 (all tokens) or more.");
        }

        if (!(TopP > 0 && TopP <= 1))
        {
            yield return FormattableString.Invariant($"TopP is {TopP}, expected a number above 0 and at most 1.");
        }
    }
}
