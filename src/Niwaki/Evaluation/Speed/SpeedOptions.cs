namespace Niwaki.Evaluation.Speed;

/// <summary>What is measured, and how often.</summary>
public sealed record SpeedOptions
{
    /// <summary>Sequences at once, each 1 to 4,096. Default 1, 8 and 32.</summary>
    public IReadOnlyList<int> Batches { get; init; } = [1, 8, 32];

    /// <summary>Tokens of a prompt and tokens written, each 1 or more. Default 12 + 128 and 512 + 128.</summary>
    public IReadOnlyList<(int Prompt, int Generated)> Lengths { get; init; } = [(12, 128), (512, 128)];

    /// <summary>Runs that count, 1 to 1,000. Default 5.</summary>
    public int Rounds { get; init; } = 5;

    /// <summary>Runs before them that do not count, 0 to 1,000. Default 1.</summary>
    public int WarmUp { get; init; } = 1;

    /// <summary>
    /// How long the models run, in turns, before the first measurement, 0 to 10 minutes: so long the runtime still compiles what it finds to be hot. Default 1 second.
    /// </summary>
    public TimeSpan WarmUpTime { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How long the prompts of a run are passed, again and again, 0 to 10 minutes; the median pass counts. 0 passes them once, and so does a prompt that takes
    /// longer. Default a quarter of a second: a prompt of a few tokens takes milliseconds, less than one disturbance of the machine.
    /// </summary>
    public TimeSpan PrefillTime { get; init; } = TimeSpan.FromSeconds(0.25);

    /// <summary>
    /// The protocol of Shortened LLaMA (arXiv 2402.02834): 12 tokens of prompt, 128 and 512 written, batches of 1 to 256, 30 runs of which the first 10 do not count;
    /// a run passes its prompts once.
    /// </summary>
    public static SpeedOptions ShortenedLlama { get; } = new()
    {
        Batches = [1, 8, 16, 32, 64, 128, 256],
        Lengths = [(12, 128), (12, 512)],
        Rounds = 20,
        WarmUp = 10,
        PrefillTime = TimeSpan.Zero,
    };

    /// <summary>What is wrong with the options, a sentence each; none: they can be used.</summary>
    public IEnumerable<string> Faults()
    {
        if (Batches.Count == 0 || Batches.Any(batch => batch is < 1 or > 4096))
        {
            yield return $"Batches are {string.Join(", ", Batches)}, expected one or more from 1 to 4,096.";
        }

        if (Lengths.Count == 0 || Lengths.Any(length => length.Prompt is < 1 or > 1 << 20 || length.Generated is < 1 or > 1 << 20))
        {
            yield return $"Lengths are {string.Join(", ", Lengths.Select(length => $"{length.Prompt}+{length.Generated}"))}, expected prompts and written tokens from 1 to 1,048,576.";
        }

        if (Rounds is < 1 or > 1000 || WarmUp is < 0 or > 1000)
        {
            yield return $"Rounds are {Rounds} behind {WarmUp}, expected 1 to 1,000 behind 0 to 1,000.";
        }

        if (WarmUpTime < TimeSpan.Zero || WarmUpTime > TimeSpan.FromMinutes(10))
        {
            yield return $"The time to warm up is {WarmUpTime}, expected 0 to 10 minutes.";
        }

        if (PrefillTime < TimeSpan.Zero || PrefillTime > TimeSpan.FromMinutes(10))
        {
            yield return $"The time to pass prompts is {PrefillTime}, expected 0 to 10 minutes.";
        }
    }
}
