using Niwaki.Calibration;
using Niwaki.Models;
using Niwaki.Numerics;
using Niwaki.Plans;
using Niwaki.Pruning.Allocation;
using Niwaki.Pruning.Decisions;
using Niwaki.Pruning.Scores;
using Niwaki.Runs;

namespace Niwaki.Pruning.Methods;

/// <summary>What is left of a model when a round begins, and the priors of its units. The model itself is loaded only when something must pass through it.</summary>
internal sealed class WidthRound : IDisposable
{
    private readonly PruningContext _context;
    private readonly OutputBiases? _biases;
    private Transformer? _model;

    /// <summary>Begins a round.</summary>
    /// <param name="context">The run.</param>
    /// <param name="number">Number of the round, from 1.</param>
    /// <param name="selection">What is left.</param>
    /// <param name="biases">What the rounds before have added to the biases; null: nothing.</param>
    public WidthRound(PruningContext context, int number, ModelSelection selection, OutputBiases? biases)
    {
        _context = context;
        _biases = biases;
        Number = number;
        Selection = selection;
        Config = context.Config.Select(selection);
        SubLayers = SubLayerUnits.Of(Config, context.Recipe.WidthUnits);
        Random = new SeededRandom(context.Recipe.Seed, number);
        int sets = context.Recipe.CalibrationSetCount;
        int windows = context.Calibration.Count / sets;
        Windows = sets == 1 ? context.Calibration : [.. context.Calibration.Skip((number - 1) % sets * windows).Take(windows)];
    }

    /// <summary>Number of the round, from 1.</summary>
    public int Number { get; }

    /// <summary>What is left, by indices of the source.</summary>
    public ModelSelection Selection { get; }

    /// <summary>Config of what is left.</summary>
    public ModelConfig Config { get; }

    /// <summary>Its sub-layers.</summary>
    public IReadOnlyList<SubLayerUnits> SubLayers { get; }

    /// <summary>Source of randomness of the round.</summary>
    public SeededRandom Random { get; }

    /// <summary>Calibration windows of the round.</summary>
    public IReadOnlyList<int[]> Windows { get; }

    /// <summary>Tokens of them.</summary>
    public long Tokens => Windows.Sum(window => (long)window.Length);

    /// <summary>What is left, ready to run.</summary>
    public Transformer Model => _model ??= _context.LoadModel(Selection, _biases);

    /// <summary>Sweeps the windows once, or takes the outcome from the run folder.</summary>
    /// <param name="prior">Which prior.</param>
    /// <param name="magnitudes">Weights of the source.</param>
    /// <param name="wantsMeans">Whether a repair needs the means of activations.</param>
    /// <param name="averages">Makes the averages from the prior; null: there are none.</param>
    public RoundRecord Sweep(ImportancePrior prior, WeightMagnitudes magnitudes, bool wantsMeans, Func<double[][], double[][]>? averages = null)
    {
        bool needsSweep = wantsMeans || UnitPriors.NeedsSweep(prior);
        _context.CountTokens(needsSweep || prior == ImportancePrior.Taylor ? Tokens : 0);
        int[] channels = wantsMeans ? [.. SubLayers.Select(ChannelCount)] : [];
        return _context.RoundStore.GetOrMake(Number, [.. SubLayers.Select(units => units.Count)], channels, () =>
        {
            ActivationStatistics? statistics = needsSweep
                ? ActivationStatistics.Collect(Model, Windows, cancellationToken: _context.CancellationToken)
                : null;

            // A stream of its own: a record that is there already must not change the numbers that follow.
            var random = new SeededRandom(_context.Recipe.Seed, -Number);
            double[][] scores = prior == ImportancePrior.Taylor
                ? TaylorScore.OfWidth(_context, Windows, Selection, _biases, SubLayers)
                : UnitPriors.Compute(prior, Config, statistics, Selection, magnitudes, SubLayers, random);
            double[][] means = wantsMeans ? [.. SubLayers.Select(units => Means(UnitPriors.ChannelsOf(statistics!, units)))] : [];
            return new RoundRecord(scores, means, averages?.Invoke(scores) ?? []);
        });
    }

    /// <summary>A step with the units of the source.</summary>
    public RemovalStep ToSource(RemovalStep step)
    {
        Unit[] units = [.. step.Units.Select(ToSource)];
        return step with { Units = units, Group = (units[0].Block * 2) + (units[0].Kind == UnitKind.KeyValueGroup ? 0 : 1) };
    }

    /// <summary>A unit by indices of the source.</summary>
    public Unit ToSource(Unit unit)
    {
        int block = Selection.KeptBlocks[unit.Block];
        BlockSelection kept = Selection.Blocks[block];
        int[] indices = unit.Kind == UnitKind.KeyValueGroup ? kept.KeyValueHeads : kept.Neurons;
        return new Unit(unit.Kind, block, indices[unit.Index]);
    }

    /// <inheritdoc />
    public void Dispose() => _model?.Dispose();

    private int ChannelCount(SubLayerUnits units) =>
        units.SubLayer == SubLayer.Attention ? Config.Blocks[units.Block].Heads * Config.HeadDim : units.Count;

    // A mean that is not finite would spoil every later pass.
    private static double[] Means(ChannelStatistics statistics) =>
        [.. Enumerable.Range(0, statistics.Channels).Select(statistics.Mean).Select(mean => double.IsFinite(mean) ? mean : 0)];
}
