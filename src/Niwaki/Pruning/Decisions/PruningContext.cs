using System.Diagnostics;
using Niwaki.Formats.HuggingFace;
using Niwaki.Kernels;
using Niwaki.Models;
using Niwaki.Plans;
using Niwaki.Runs;

namespace Niwaki.Pruning.Decisions;

/// <summary>Everything that a method decides from, and the counters of what the decision costs.</summary>
public sealed class PruningContext
{
    private readonly SortedDictionary<string, string> _files = new(StringComparer.Ordinal);

    /// <summary>The model folder.</summary>
    public required Checkpoint Checkpoint { get; init; }

    /// <summary>Config of the whole model.</summary>
    public required ModelConfig Config { get; init; }

    /// <summary>Threads.</summary>
    public required ThreadTeam Team { get; init; }

    /// <summary>Settings.</summary>
    public required Recipe Recipe { get; init; }

    /// <summary>Token windows that every sub-model is judged on.</summary>
    public required IReadOnlyList<int[]> Calibration { get; init; }

    /// <summary>Records of rounds: what is there is not swept again.</summary>
    public required RoundStore RoundStore { get; init; }

    /// <summary>Recorded evaluations: what is there is not run again.</summary>
    public required EvaluationLog Log { get; init; }

    /// <summary>Bytes for weights and residual stream; null: everything stays in memory.</summary>
    public long? MemoryBytes { get; init; }

    /// <summary>Whether only what is recorded may be used: nothing passes through the model. Default false.</summary>
    public bool RecordedOnly { get; init; }

    /// <summary>Settings of Bonsai for one round in place of the recipe's; null: none. Only where <see cref="RecordedOnly"/>.</summary>
    public (int Round, BonsaiOptions Options)? Refit { get; init; }

    /// <summary>Told what a user should know before it happens; null: nobody.</summary>
    public Action<string>? Notice { get; init; }

    /// <summary>Told about progress; null: nobody.</summary>
    public IProgress<PruningProgress>? Progress
    {
        get;
        init => field = value is null ? null : new CountedProgress(value, () => ForwardTokens);
    }

    /// <summary>Ends the run after the evaluation at hand.</summary>
    public CancellationToken CancellationToken { get; init; }

    /// <summary>What the rounds of a width method did, in their order.</summary>
    public IList<ReportedRound> Rounds { get; } = [];

    /// <summary>What a repair adds to the biases; null: nothing.</summary>
    public OutputBiases? Biases { get; set; }

    /// <summary>Tokens that went through the model to decide, those of recorded evaluations included.</summary>
    public long ForwardTokens { get; private set; }

    /// <summary>Text files for the run folder, by name.</summary>
    public IReadOnlyDictionary<string, string> Files => _files;

    /// <summary>Which sizes the blocks may have.</summary>
    public ShapeRules Shapes => field ??= new ShapeRules(Config, Recipe.Profile, Recipe.RoundTo, Recipe.AddsBiases);

    /// <summary>Tokens of the calibration windows.</summary>
    public long CalibrationTokens => Calibration.Sum(window => (long)window.Length);

    /// <summary>Loads the model, or what is left of it, for scoring.</summary>
    /// <param name="selection">What stays; null: everything.</param>
    /// <param name="biases">What is added to the biases; null: nothing.</param>
    public Transformer LoadModel(ModelSelection? selection = null, OutputBiases? biases = null) => RecordedOnly
        ? throw new PruningException(
            $"A pass through the model is needed, expected none: evaluation {Log.Count + 1} is not recorded. Resume the run first, or change less.")
        : Transformer.Load(Checkpoint, Config, Team, new TransformerOptions
        {
            MemoryBytes = MemoryBytes,
            Selection = selection,
            Biases = biases,
            Format = Recipe.Precision == ScoringPrecision.Int16 ? PackedFormat.Int16 : PackedFormat.Stored,
        });

    /// <summary>Mean loss of a sub-model on the calibration windows, taken from the journal where it is recorded.</summary>
    /// <param name="key">What is evaluated, unique in the run and the same when the run is resumed.</param>
    /// <param name="model">The model.</param>
    /// <param name="gates">Units that are on; null: all.</param>
    /// <returns>Nats per predicted token, summed in float64.</returns>
    /// <exception cref="OperationCanceledException">The run was ended.</exception>
    public double MeanLoss(string key, Transformer model, ModelGates? gates)
    {
        ArgumentNullException.ThrowIfNull(model);
        return Evaluate(key, CalibrationTokens, () => ForwardPass.MeanLoss(model, Calibration, gates));
    }

    /// <summary>The outcome of any evaluation on the calibration windows, taken from the journal where it is recorded.</summary>
    /// <param name="key">What is evaluated, unique in the run and the same when the run is resumed.</param>
    /// <param name="run">Makes the outcome.</param>
    /// <returns>Mean over the scored tokens, in nats.</returns>
    /// <exception cref="OperationCanceledException">The run was ended.</exception>
    public double Evaluate(string key, Func<EvaluationRecord> run)
    {
        CancellationToken.ThrowIfCancellationRequested();
        long before = Log.Tokens;
        double value = Log.GetOrRun(key, run).LossNats;
        ForwardTokens += Log.Tokens - before; // nothing for what was asked for before
        return value;
    }

    /// <summary>A number about a sub-model that is recorded as its loss, taken from the journal where it is there; it is timed.</summary>
    /// <param name="key">What is evaluated, unique in the run and the same when the run is resumed.</param>
    /// <param name="tokens">Tokens that the evaluation passes through the model.</param>
    /// <param name="evaluate">Makes the number; called only where it is not recorded.</param>
    /// <exception cref="OperationCanceledException">The run was ended.</exception>
    public double Evaluate(string key, long tokens, Func<double> evaluate)
    {
        ArgumentNullException.ThrowIfNull(evaluate);
        return Evaluate(key, () =>
        {
            long start = Stopwatch.GetTimestamp();
            double value = evaluate();
            return new EvaluationRecord(value, tokens, Stopwatch.GetElapsedTime(start).TotalSeconds);
        });
    }

    /// <summary>Leaves a text file in the run folder, once the decision is made.</summary>
    /// <param name="name">File name without folders.</param>
    /// <param name="content">The text; a file of that name is replaced.</param>
    public void AddFile(string name, string content) => _files[name] = content;

    /// <summary>Counts tokens that pass through the model beside the recorded evaluations.</summary>
    /// <param name="tokens">Tokens.</param>
    public void CountTokens(long tokens) => ForwardTokens += tokens;

    /// <summary>Passes the calibration windows once for statistics.</summary>
    /// <param name="model">The model.</param>
    /// <param name="tap">Receives activations.</param>
    public void Observe(Transformer model, ActivationTap tap)
    {
        ForwardTokens += CalibrationTokens;
        ForwardPass.Losses(model, Calibration, tap: tap, cancellationToken: CancellationToken);
    }
}
