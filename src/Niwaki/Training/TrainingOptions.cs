using System.Globalization;

namespace Niwaki.Training;

/// <summary>How a model is trained.</summary>
public sealed record TrainingOptions
{
    /// <summary>Steps, each one update of the weights; 1 or more.</summary>
    public required long Steps { get; init; }

    /// <summary>Tokens of a window, 2 or more: the first is given, the others are predicted. Default 256.</summary>
    public int Window { get; init; } = 256;

    /// <summary>Windows that pass the model at once, 1 or more. Default 16.</summary>
    public int Batch { get; init; } = 16;

    /// <summary>Batches whose gradients are added for one step, 1 or more. Default 1.</summary>
    public int Accumulation { get; init; } = 1;

    /// <summary>How the learning rate falls. Default cosine.</summary>
    public ScheduleKind Schedule { get; init; } = ScheduleKind.Cosine;

    /// <summary>Largest learning rate, above 0. Default 1e-3.</summary>
    public double LearningRate { get; init; } = 1e-3;

    /// <summary>Steps until the largest rate is reached, 0 or more. Default 100.</summary>
    public long WarmUpSteps { get; init; } = 100;

    /// <summary>Rate that the steps fall to as a share of the largest, 0 to 1. Default 0.1.</summary>
    public double FinalShare { get; init; } = 0.1;

    /// <summary>Decay of the first moment, 0 to below 1. Default 0.9.</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>Decay of the second moment, 0 to below 1. Default 0.95.</summary>
    public double Beta2 { get; init; } = 0.95;

    /// <summary>Added to the root of the second moment, above 0. Default 1e-8.</summary>
    public double Epsilon { get; init; } = 1e-8;

    /// <summary>Decoupled decay of the matrices, 0 or more; norms and biases do not decay. Default 0.1.</summary>
    public double WeightDecay { get; init; } = 0.1;

    /// <summary>Largest global norm of the gradients, above 0; longer ones are shortened to it. Default 1.</summary>
    public double ClipNorm { get; init; } = 1;

    /// <summary>Seed of the order of the windows. Default 0.</summary>
    public long Seed { get; init; }

    /// <summary>Tokens that a step sees.</summary>
    public long TokensPerStep => (long)Window * Batch * Accumulation;

    /// <summary>The learning rate of every step.</summary>
    public LearningRateSchedule Rates => new(Schedule, LearningRate, Steps, WarmUpSteps, FinalShare);

    /// <summary>What is wrong with the options, a sentence for each; empty if nothing is.</summary>
    public IReadOnlyList<string> Faults()
    {
        var faults = new List<string>();
        void Require(bool holds, string what, double value, string rule)
        {
            if (!holds)
            {
                faults.Add(string.Create(CultureInfo.InvariantCulture, $"{what} is {value}, expected {rule}."));
            }
        }

        Require(Steps >= 1, "Number of steps", Steps, "1 or more");
        Require(Window is >= 2 and <= 1 << 20, "Window", Window, "2 to 1048576 tokens");
        Require(Batch is >= 1 and <= 1 << 16, "Batch", Batch, "1 to 65536 windows");
        Require((long)Window * Batch <= 1 << 24, "Tokens of a batch", (double)Window * Batch, "at most 16777216");
        Require(Accumulation is >= 1 and <= 1 << 16, "Accumulation", Accumulation, "1 to 65536 batches");
        Require((long)Batch * Accumulation <= 1 << 24, "Windows of a step", (double)Batch * Accumulation, "at most 16777216");
        Require(LearningRate > 0 && double.IsFinite(LearningRate), "Learning rate", LearningRate, "a number above 0");
        Require(WarmUpSteps >= 0, "Number of warm-up steps", WarmUpSteps, "0 or more");
        Require(FinalShare is >= 0 and <= 1, "Final share of the rate", FinalShare, "0 to 1");
        Require(Beta1 is >= 0 and < 1, "Beta1", Beta1, "0 to below 1");
        Require(Beta2 is >= 0 and < 1, "Beta2", Beta2, "0 to below 1");
        Require(Epsilon > 0 && double.IsFinite(Epsilon), "Epsilon", Epsilon, "a number above 0");
        Require(WeightDecay >= 0 && double.IsFinite(WeightDecay), "Weight decay", WeightDecay, "0 or more");
        Require(ClipNorm > 0, "Clipping norm", ClipNorm, "above 0");
        return faults;
    }

    /// <summary>All options as text: what a state must agree with.</summary>
    internal string Fingerprint() => string.Create(
        CultureInfo.InvariantCulture,
        $"steps {Steps}, window {Window}, batch {Batch}, accumulation {Accumulation}, schedule {Schedule}, rate {LearningRate:R}, warm-up {WarmUpSteps}, "
        + $"final share {FinalShare:R}, betas {Beta1:R} {Beta2:R}, epsilon {Epsilon:R}, weight decay {WeightDecay:R}, clip {ClipNorm:R}, seed {Seed}");
}
