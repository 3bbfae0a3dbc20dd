using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Niwaki.Training;

/// <summary>Takes the steps of a training: logs them, measures the held-out loss, saves the state.</summary>
/// <remarks>
/// Every line of the log has step, tokens, seconds of training (steps alone, over all processes), loss, rate, norm of the gradients and tokens a second, and where it
/// was measured the held-out loss. A state is written when the next step found the loss of its weights to be finite, so that nothing ever goes on from broken ones.
/// </remarks>
public sealed class TrainingLoop
{
    private readonly Trainer _trainer;
    private readonly Func<double> _measure;
    private readonly string _statePath;
    private readonly TrainingLog _log;
    private readonly Stopwatch _watch = new();
    private long _firstTokens;
    private long _saved;
    private bool _saves; // the state behind the last step, as soon as it is proven

    /// <summary>Prepares the steps that are left.</summary>
    /// <param name="trainer">The training, its state loaded where it is resumed.</param>
    /// <param name="measure">Measures the held-out loss of the model as it is, nats per token.</param>
    /// <param name="statePath">File of the state; its folder exists.</param>
    /// <param name="logPath">File of the log, appended to; lines behind the state are removed first.</param>
    public TrainingLoop(Trainer trainer, Func<double> measure, string statePath, string logPath)
    {
        ArgumentNullException.ThrowIfNull(trainer);
        ArgumentNullException.ThrowIfNull(measure);
        _trainer = trainer;
        _measure = measure;
        _statePath = statePath;
        _log = new TrainingLog(logPath);
    }

    /// <summary>Steps between two log lines; 1 or more.</summary>
    public long LogEvery { get; init; } = 10;

    /// <summary>Steps between two measurements of the held-out loss; 1 or more.</summary>
    public long EvaluateEvery { get; init; } = 500;

    /// <summary>Steps between two saved states; 1 or more.</summary>
    public long SaveEvery { get; init; } = 500;

    /// <summary>Numbers of tokens behind which the held-out loss is measured, ascending: behind the first step that reaches each.</summary>
    public IReadOnlyList<long> ReadOffs { get; init; } = [];

    /// <summary>Name of this part of a longer training in the log; null: none.</summary>
    public string? Stage { get; init; }

    /// <summary>What <see cref="TrainingState.Save"/> tells models apart by; empty: nothing.</summary>
    public string Start { get; init; } = "";

    /// <summary>What may help where a loss is no number, a sentence.</summary>
    public string Advice { get; init; } = "A lower learning rate or a longer warm-up may help.";

    /// <summary>Told after every line of the log; null: nobody.</summary>
    public IProgress<TrainingProgress>? Progress { get; init; }

    /// <summary>Loss of the last step, nats per token; null when none was taken here.</summary>
    public double? Loss { get; private set; }

    /// <summary>The held-out loss after the last step, nats per token.</summary>
    public double HeldOutLoss { get; private set; }

    /// <summary>Seconds that steps took, those before a resume included.</summary>
    public double Seconds => _trainer.SecondsBefore + _watch.Elapsed.TotalSeconds;

    /// <summary>Tokens a second over the steps taken here.</summary>
    public double Rate => (_trainer.TokensSeen - _firstTokens) / Math.Max(1e-9, _watch.Elapsed.TotalSeconds);

    /// <summary>Takes all steps that are left.</summary>
    /// <param name="cancellationToken">Looked at between steps; the state is saved then, if its weights give a finite loss on the next window.</param>
    /// <exception cref="OperationCanceledException">Cancelled; the state behind the last step is saved, if there was one.</exception>
    /// <exception cref="TrainingInterruptedException">A loss is no number, or the log or the state cannot be written.</exception>
    /// <exception cref="IOException">The log of a training that is resumed cannot be read, or not be shortened to its state.</exception>
    /// <exception cref="UnauthorizedAccessException">The log of a training that is resumed may not be read or written.</exception>
    public void Run(CancellationToken cancellationToken = default)
    {
        _firstTokens = _trainer.TokensSeen;
        _saved = _trainer.Optimizer.Step;
        _log.Trim(Stage, _saved);
        while (_trainer.Optimizer.Step < _trainer.Options.Steps)
        {
            if (cancellationToken.IsCancellationRequested)
            {
                Stop(cancellationToken);
            }

            long before = _trainer.TokensSeen;
            TrainingStep step = Step();
            bool last = step.Number == _trainer.Options.Steps;
            bool evaluates = last || step.Number % EvaluateEvery == 0 || ReadOffs.Any(tokens => before < tokens && tokens <= _trainer.TokensSeen);
            if (evaluates)
            {
                HeldOutLoss = Measure();
            }

            if (evaluates || step.Number % LogEvery == 0)
            {
                Log(step, evaluates ? HeldOutLoss : null);
            }

            _saves = step.Number % SaveEvery == 0;
            if (last)
            {
                Save();
            }
        }

        if (Loss is null)
        {
            HeldOutLoss = Measure();
        }
    }

    private string Kept => _saved == 0 ? "No state was saved before." : $"The state behind step {_saved} is kept in '{_statePath}'.";

    /// <summary>Saves the state behind the last step. One window proves it, because whoever stops a process does not wait for a whole step.</summary>
    private void Stop(CancellationToken cancellationToken)
    {
        if (_trainer.Optimizer.Step > _saved)
        {
            if (!_trainer.GivesLoss())
            {
                throw new TrainingInterruptedException(FormattableString.Invariant(
                    $"Behind step {_trainer.Optimizer.Step}: the loss is no finite number. {Advice} {Kept}"));
            }

            Save();
        }

        cancellationToken.ThrowIfCancellationRequested();
    }

    private TrainingStep Step()
    {
        try
        {
            _watch.Start();
            TrainingStep step = _trainer.Step(_saves ? SaveProven : null);
            Loss = step.LossNats;
            return step;
        }
        catch (TrainingDivergedException exception)
        {
            throw new TrainingInterruptedException($"{exception.Message} {Advice} {Kept}", exception);
        }
        finally
        {
            _watch.Stop();
        }
    }

    private double Measure()
    {
        double loss = _measure();
        return double.IsFinite(loss)
            ? loss
            : throw new TrainingInterruptedException(FormattableString.Invariant(
                $"Behind step {_trainer.Optimizer.Step}: held-out loss is {loss}, expected a finite number. {Advice} {Kept}"));
    }

    private void SaveProven()
    {
        _watch.Stop();
        Save();
        _watch.Start();
    }

    private void Save()
    {
        Write("The state behind", _statePath, () => TrainingState.Save(_statePath, _trainer, Start, Seconds));
        _saved = _trainer.Optimizer.Step;
    }

    private void Write(string what, string path, Action write)
    {
        try
        {
            write();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new TrainingInterruptedException($"{what} step {_trainer.Optimizer.Step} cannot be written to '{path}' ({exception.Message}). {Kept}", exception);
        }
    }

    private void Log(TrainingStep step, double? heldOutLoss)
    {
        var line = new JsonObject
        {
            ["step"] = step.Number,
            ["tokens"] = _trainer.TokensSeen,
            ["seconds"] = Math.Round(Seconds, 2),
            ["loss"] = step.LossNats,
            ["learningRate"] = step.LearningRate,
            ["gradientNorm"] = step.GradientNorm,
            ["tokensPerSecond"] = Math.Round(Rate),
        };
        if (Stage is not null)
        {
            line.Insert(0, "stage", Stage);
        }

        foreach ((string name, double? value) in new[] { ("divergence", step.DivergenceNats), ("hiddenDifference", step.HiddenDifference), ("heldOutLoss", heldOutLoss) })
        {
            if (value is { } number)
            {
                line[name] = number;
            }
        }

        Write("The line of", _log.Path, () => _log.Append(line));
        double tokensOfStep = (double)_trainer.TokensSeen / step.Number;
        Progress?.Report(new TrainingProgress(step, _trainer.Options.Steps, heldOutLoss, Rate, (_trainer.Options.Steps - step.Number) * tokensOfStep / Rate));
    }
}
