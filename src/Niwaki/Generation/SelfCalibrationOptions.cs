using Niwaki.Models;

namespace Niwaki.Generation;

/// <summary>How much text a model writes to be calibrated with, and how.</summary>
public sealed record SelfCalibrationOptions
{
    /// <summary>Windows written. 1 or more.</summary>
    public required int Windows { get; init; }

    /// <summary>Tokens of a window, its first one included. 2 to the model's context.</summary>
    public required int WindowLength { get; init; }

    /// <summary>As <see cref="SamplingOptions.Temperature"/>. Default 1: text as the model distributes it.</summary>
    public double Temperature { get; init; } = 1;

    /// <summary>As <see cref="SamplingOptions.TopP"/>. Default 1.</summary>
    public double TopP { get; init; } = 1;

    /// <summary>Any value; the same seed gives the same text. Default 0.</summary>
    public long Seed { get; init; }

    /// <summary>
    /// Memory for the keys, values and logits of the windows written at the same time, in bytes; one window is always written.
    /// Changes the speed, not the text. Default 2 GiB.
    /// </summary>
    public long CacheBytes { get; init; } = 2L << 30;

    internal SamplingOptions Sampling => new(Temperature, 0, TopP, Seed);

    /// <summary>A sentence for every value out of range.</summary>
    /// <param name="config">The model that is to write.</param>
    public IEnumerable<string> Faults(ModelConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        if (Windows < 1)
        {
            yield return FormattableString.Invariant($"Windows is {Windows}, expected 1 or more.");
        }

        if (WindowLength < 2 || WindowLength > config.ContextLength)
        {
            yield return FormattableString.Invariant(
                $"WindowLength is {WindowLength:N0} tokens, expected 2 to {config.ContextLength:N0}, the model's context.");
        }

        if (CacheBytes < 1)
        {
            yield return FormattableString.Invariant($"CacheBytes is {CacheBytes:N0}, expected 1 or more.");
        }

        foreach (string fault in Sampling.Faults())
        {
            yield return fault;
        }
    }
}
