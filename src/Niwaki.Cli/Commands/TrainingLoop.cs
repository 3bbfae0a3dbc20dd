using System.Diagnostics;
using System.Text.Json.Nodes;
using Niwaki.Cli.Output;
using Niwaki.Training;

namespace Niwaki.Cli.Commands;

/// <summary>Takes the steps of a training: logs them, measures the held-out loss, saves the state.</summary>
internal sealed class TrainingLoop(Trainer trainer, int[][] heldOut, string folder, Terminal terminal)
{
    private const string LogName = "training.jsonl";

    private long _begun;
    private long _firstStep;

    /// <summary>Steps between two log lines.</summary>
    public required long LogEvery { get; init; }

    /// <summary>Steps between two measurements of the held-out loss.</summary>
    public required long EvaluateEvery { get; init; }

    /// <summary>Steps between two saved states.</summary>
    public required long SaveEvery { get; init; }

    /// <summary>Whether nothing is written to the error stream.</summary>
    public required bool Quiet { get; init; }

    /// <summary>Loss of the last step, nats per token.</summary>
    public double? Loss { get; private set; }

    /// <summary>The held-out loss after the last step, nats per token.</summary>
    public double HeldOutLoss { get; private set; }

    /// <summary>Time that the steps took.</summary>
    public TimeSpan Elapsed => Stopwatch.GetElapsedTime(_begun);

    /// <summary>Tokens a second over the steps taken here.</summary>
    public double Rate => (trainer.Optimizer.Step - _firstStep) * trainer.Options.TokensPerStep / Math.Max(1e-9, Elapsed.TotalSeconds);

    private string StatePath => Path.Combine(folder, TrainingState.FileName);

    /// <summary>Takes all steps that are left.</summary>
    public void Run(CancellationToken cancellationToken)
    {
        _begun = Stopwatch.GetTimestamp();
        _firstStep = trainer.Optimizer.Step;
        long saved = trainer.Optimizer.Step;
        while (trainer.Optimizer.Step < trainer.Options.Steps)
        {
            if (cancellationToken.IsCancellationRequested)
            {
                Save(ref saved);
                terminal.Error.WriteLine($"Stopped behind step {saved}. Give the same command with --resume to go on.");
                throw new OperationCanceledException(cancellationToken);
            }

            TrainingStep step = Step(saved);
            bool last = step.Number == trainer.Options.Steps;
            bool evaluates = last || step.Number % EvaluateEvery == 0;
            if (evaluates)
            {
                HeldOutLoss = trainer.Evaluate(heldOut);
            }

            if (evaluates || step.Number % LogEvery == 0)
            {
                Log(step, evaluates ? HeldOutLoss : null);
            }

            if (last || step.Number % SaveEvery == 0)
            {
                Save(ref saved);
            }
        }

        if (Loss is null)
        {
            HeldOutLoss = trainer.Evaluate(heldOut);
        }
    }

    private TrainingStep Step(long saved)
    {
        try
        {
            TrainingStep step = trainer.Step();
            Loss = step.LossNats;
            return step;
        }
        catch (TrainingDivergedException)
        {
            terminal.Error.WriteLine(saved == 0 ? "No state was saved yet." : $"The state behind step {saved} is kept in '{StatePath}'.");
            throw;
        }
    }

    private void Save(ref long saved)
    {
        try
        {
            TrainingState.Save(StatePath, trainer);
            saved = trainer.Optimizer.Step;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            string kept = saved == 0 ? "no state was saved before" : $"that behind step {saved} is kept";
            terminal.Error.WriteLine($"The state behind step {trainer.Optimizer.Step} cannot be written to '{StatePath}'; {kept}.");
            throw;
        }
    }

    private void Log(TrainingStep step, double? heldOutLoss)
    {
        var line = new JsonObject
        {
            ["step"] = step.Number,
            ["tokens"] = step.Number * trainer.Options.TokensPerStep,
            ["loss"] = step.LossNats,
            ["learningRate"] = step.LearningRate,
            ["gradientNorm"] = step.GradientNorm,
            ["tokensPerSecond"] = Math.Round(Rate),
        };
        if (heldOutLoss is { } loss)
        {
            line["heldOutLoss"] = loss;
        }

        File.AppendAllText(Path.Combine(folder, LogName), line.ToJsonString() + "\n");
        if (Quiet)
        {
            return;
        }

        double left = (trainer.Options.Steps - step.Number) * trainer.Options.TokensPerStep / Rate;
        string measured = heldOutLoss is { } held ? $", held-out loss {Quantity.Figure(held, 4)}" : "";
        terminal.Error.WriteLine(string.Create(
            System.Globalization.CultureInfo.InvariantCulture,
            $"step {step.Number} of {trainer.Options.Steps}, loss {step.LossNats:F4}{measured}, rate {step.LearningRate:G3}, {Rate:N0} tokens/s, {Quantity.Duration(left)} left"));
    }
}
