using Niwaki.Datasets;
using Niwaki.Kernels;
using Niwaki.Models;
using Niwaki.Numerics;

namespace Niwaki.Training;

/// <summary>Trains a model, step by step.</summary>
/// <remarks>What a step does follows from the weights, the moments and its number: the same bits for any number of threads, and after a resume. Not thread safe.</remarks>
public sealed class Trainer : IDisposable
{
    private readonly BatchGradient _passes;
    private readonly ModelParameters _gradients;
    private readonly ITrainingExamples _examples;
    private readonly DenseTeacher? _teacher;
    private readonly ThreadTeam _team;

    /// <summary>Prepares a training of all weights on the next token of a text.</summary>
    /// <param name="weights">Weights to train, changed by every step; must outlive this object.</param>
    /// <param name="ids">Token ids of the text, kept; every id below the vocabulary size.</param>
    /// <param name="options">Valid options.</param>
    /// <param name="team">Threads; must outlive this object.</param>
    /// <param name="text">Name of the text in messages.</param>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    /// <exception cref="DatasetException">The text is shorter than the windows of one step.</exception>
    /// <exception cref="OutOfMemoryException">The system refuses the memory: 12 bytes a parameter.</exception>
    public Trainer(ModelParameters weights, int[] ids, TrainingOptions options, ThreadTeam team, string text = "The text")
        : this(new TrainableModel(weights), Windows(ids, options, text), options, team)
    {
    }

    /// <summary>Prepares a training.</summary>
    /// <param name="model">What is trained, changed by every step; must outlive this object.</param>
    /// <param name="examples">What it sees; every id below the vocabulary size.</param>
    /// <param name="options">Valid options.</param>
    /// <param name="team">Threads; must outlive this object.</param>
    /// <param name="teacher">The dense model that it stays near; null: none. Must outlive this object.</param>
    /// <exception cref="ArgumentException">An option is out of its range, or the teacher is of another shape.</exception>
    /// <exception cref="OutOfMemoryException">The system refuses the memory: 12 bytes a trained parameter.</exception>
    public Trainer(TrainableModel model, ITrainingExamples examples, TrainingOptions options, ThreadTeam team, DenseTeacher? teacher = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(examples);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(team);
        if (options.Faults() is [string fault, ..])
        {
            throw new ArgumentException(fault, nameof(options));
        }

        ModelConfig config = model.Weights.Layout.Config;
        if (teacher is not null && (teacher.Config.VocabularySize, teacher.Config.HiddenSize) != (config.VocabularySize, config.HiddenSize))
        {
            throw new ArgumentException(
                $"Dense model has {teacher.Config.VocabularySize} ids and width {teacher.Config.HiddenSize}, expected {config.VocabularySize} and {config.HiddenSize}.",
                nameof(teacher));
        }

        Model = model;
        Options = options;
        _examples = examples;
        _teacher = teacher;
        _team = team;
        _gradients = new ModelParameters(model.Trained);
        _passes = new BatchGradient(config, model.Trained, team, teacher);
        Optimizer = new Optimizer(model.Trained, options, team);
    }

    /// <summary>The model with what is trained of it.</summary>
    public TrainableModel Model { get; }

    /// <summary>All weights of the model.</summary>
    public ModelParameters Weights => Model.Weights;

    /// <summary>The options.</summary>
    public TrainingOptions Options { get; }

    /// <summary>Moments and number of the steps done.</summary>
    public Optimizer Optimizer { get; }

    /// <summary>Windows of an epoch.</summary>
    public int WindowsPerEpoch => _examples.PerEpoch;

    /// <summary>Tokens that the steps done have seen.</summary>
    public long TokensSeen { get; internal set; }

    /// <summary>Seconds of the steps before a resume.</summary>
    internal double SecondsBefore { get; set; }

    /// <summary>Bytes for weights, gradients, moments, activations and a teacher so far.</summary>
    public long MemoryBytes =>
        (sizeof(float) * (Weights.Layout.Count + ((Model.Adapters is null ? 3 : 4) * Model.Trained.Count))) + _passes.ScratchBytes + _team.ScratchBytes
        + (_teacher?.MemoryBytes ?? 0);

    /// <summary>Whether the last step kept the activations of all blocks for its backward pass, which then computed none again.</summary>
    public bool KeptActivations => _passes.KeptActivations;

    /// <summary>SHA-256 of the token ids.</summary>
    internal string TextHash => _examples.Fingerprint;

    /// <summary>Everything that a state must agree with but text and model.</summary>
    internal string Fingerprint =>
        string.Join(", ", new[] { Options.Fingerprint(), Model.Adapters?.Options.Fingerprint(), _teacher?.Fingerprint() }.OfType<string>());

    /// <summary>Takes the next step.</summary>
    /// <param name="proven">Called before anything changes, when the loss and the gradients of the weights as they are were found to be finite; null: nothing is.</param>
    /// <exception cref="TrainingDivergedException">The loss or the norm of the gradients is not finite; weights and moments are as before.</exception>
    public TrainingStep Step(Action? proven = null)
    {
        long number = Optimizer.Step + 1;
        TrainingExample[] examples = [.. Enumerable.Range(0, Options.Batch * Options.Accumulation).Select(i => _examples[((number - 1) * Options.Batch * Options.Accumulation) + i])];
        long scored = Math.Max(1, examples.Sum(example => (long)example.Scored));
        long tokens = examples.Sum(example => (long)example.Ids.Length);
        _gradients.Clear();
        BatchLoss sums = default;
        for (int i = 0; i < Options.Accumulation; i++)
        {
            TrainingExample[] batch = examples[(i * Options.Batch)..((i + 1) * Options.Batch)];
            sums += _passes.Compute(Model, batch, 1f / scored, _gradients, SeededRandom.Mix(Options.Seed, (number * Options.Accumulation) + i), 1f / tokens);
        }

        double norm = Optimizer.Norm(_gradients);
        if (!double.IsFinite(sums.LossNats + sums.DivergenceNats + sums.HiddenDifference) || !double.IsFinite(norm))
        {
            throw new TrainingDivergedException(number, sums.LossNats / scored, norm);
        }

        proven?.Invoke();
        Optimizer.Apply(Model, _gradients, norm);
        TokensSeen += tokens;
        return new TrainingStep(number, sums.LossNats / scored, Options.Rates.Rate(number), norm)
        {
            DivergenceNats = _teacher is { DivergenceWeight: > 0 } ? sums.DivergenceNats / scored : null,
            HiddenDifference = _teacher is { HiddenWeight: > 0 } ? sums.HiddenDifference / tokens : null,
        };
    }

    /// <summary>The mean loss of windows that are not trained on, nats per predicted token.</summary>
    /// <param name="windows">Token ids, at least one window of two tokens.</param>
    public double Evaluate(IReadOnlyList<int[]> windows)
    {
        ArgumentNullException.ThrowIfNull(windows);
        return Evaluate([.. windows.Select(window => new TrainingExample(window))]);
    }

    /// <summary>The mean loss of examples that are not trained on, nats per scored token.</summary>
    /// <param name="examples">At least one with a token to predict.</param>
    public double Evaluate(IReadOnlyList<TrainingExample> examples)
    {
        ArgumentNullException.ThrowIfNull(examples);
        double sum = 0;
        foreach (TrainingExample[] batch in examples.Chunk(Options.Batch))
        {
            sum += _passes.Loss(Model, batch);
        }

        return sum / examples.Sum(example => (long)example.Scored);
    }

    /// <summary>Whether the weights as they are give a finite loss on the first example of the next step.</summary>
    internal bool GivesLoss() => double.IsFinite(_passes.Loss(Model, [_examples[Optimizer.Step * Options.Batch * Options.Accumulation]]));

    /// <inheritdoc />
    public void Dispose()
    {
        _passes.Dispose();
        _gradients.Dispose();
        Optimizer.Dispose();
    }

    /// <summary>Windows of a text that is long enough for a step.</summary>
    /// <param name="ids">Token ids of the text, kept.</param>
    /// <param name="options">Valid options.</param>
    /// <param name="text">Name of the text in messages.</param>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    /// <exception cref="DatasetException">The text is shorter than the windows of one step.</exception>
    public static TrainingWindows Windows(int[] ids, TrainingOptions options, string text)
    {
        ArgumentNullException.ThrowIfNull(ids);
        ArgumentNullException.ThrowIfNull(options);
        if (options.Faults() is [string fault, ..])
        {
            throw new ArgumentException(fault, nameof(options));
        }

        if (ids.Length < options.TokensPerStep)
        {
            throw new DatasetException(
                text,
                FormattableString.Invariant($"has {ids.Length:N0} tokens"),
                FormattableString.Invariant($"at least {options.TokensPerStep:N0}, those of one step ({options.Accumulation} × {options.Batch} windows of {options.Window})"),
                "Give a longer text, a smaller batch or a shorter window.");
        }

        return new TrainingWindows(ids, options.Window, options.Seed);
    }
}
