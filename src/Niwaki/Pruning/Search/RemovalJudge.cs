using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Niwaki.Models;
using Niwaki.Plans;
using Niwaki.Pruning.Decisions;
using Niwaki.Runs;

namespace Niwaki.Pruning.Search;

/// <summary>Judges models without some blocks or sub-layers on the calibration windows, through the journal: no set is ever run twice.</summary>
internal sealed class RemovalJudge : IDisposable
{
    /// <summary>Longest list of units in a key of the journal; beyond, its digest stands for it.</summary>
    private const int LongestList = 150;

    private readonly PruningContext _context;
    private readonly Transformer _model;
    private readonly Lazy<IRemovalObjective> _objective;
    private readonly DepthCriterion _criterion;

    /// <summary>Loads the model.</summary>
    /// <param name="context">Model, data and settings.</param>
    /// <param name="criterion">Loss or KL.</param>
    public RemovalJudge(PruningContext context, DepthCriterion criterion)
    {
        _context = context;
        _criterion = criterion;
        _model = context.LoadModel();
        context.CountTokens(criterion == DepthCriterion.Kl ? context.CalibrationTokens : 0); // the dense model's own pass

        // Made with the first set that is not in the journal: a replay needs no pass at all.
        _objective = new Lazy<IRemovalObjective>(
            () => criterion == DepthCriterion.Kl ? new DivergenceObjective(_model, context.Calibration) : new LossObjective(_model));
    }

    /// <summary>Sets judged so far, those of the journal included.</summary>
    public int Judged { get; private set; }

    /// <summary>Told about every set that was judged, with its value.</summary>
    public Action<int, double>? Progress { get; set; }

    /// <summary>The value of the whole model.</summary>
    public double Dense() => _criterion == DepthCriterion.Kl ? 0 : _context.MeanLoss("loss of all", _model, null);

    /// <summary>Values without some units and one more.</summary>
    /// <param name="removed">Units that are missing in any case.</param>
    /// <param name="candidates">Units of other places.</param>
    /// <returns>[candidates] means in nats; +∞ where the model gives no number.</returns>
    /// <exception cref="OperationCanceledException">The run was ended; what was judged is in the journal.</exception>
    public double[] Try(IReadOnlyCollection<Unit> removed, IReadOnlyList<Unit> candidates)
    {
        int[] order = [.. Enumerable.Range(0, candidates.Count).OrderBy(i => candidates[i].Block).ThenBy(i => candidates[i].Kind)];
        string[] keys = [.. candidates.Select(unit => Key([.. removed, unit]))];
        Unit[] missing = [.. order.Where(i => !_context.Log.Holds(keys[i])).Select(i => candidates[i])];
        using IEnumerator<RemovalOutcome>? scan = missing.Length == 0
            ? null
            : new RemovalScan(_model, _context.Calibration, _objective.Value).Try(removed, missing, _context.CancellationToken).GetEnumerator();
        double[] values = new double[candidates.Count];
        int reached = 0;
        foreach (int i in order)
        {
            int from = reached;
            double value = _context.Evaluate(keys[i], () => Next(scan!, candidates[i], Tokens(removed, candidates[i], from)));
            reached = candidates[i].Block;
            values[i] = double.IsNaN(value) ? double.PositiveInfinity : value;
            Progress?.Invoke(++Judged, value);
        }

        return values;
    }

    /// <inheritdoc />
    public void Dispose()
    {
        if (_objective.IsValueCreated)
        {
            _objective.Value.Dispose();
        }

        _model.Dispose();
    }

    private static EvaluationRecord Next(IEnumerator<RemovalOutcome> scan, Unit expected, long tokens)
    {
        scan.MoveNext();
        RemovalOutcome outcome = scan.Current;
        return outcome.Unit == expected
            ? new EvaluationRecord(outcome.Value, tokens, outcome.Seconds)
            : throw new InvalidOperationException($"The scan reached {outcome.Unit}, expected {expected}.");
    }

    /// <summary>Tokens that go through the model for one candidate, in whole passes: its own blocks, and those of the trunk since the candidate before.</summary>
    private long Tokens(IReadOnlyCollection<Unit> removed, Unit unit, int from)
    {
        long trunk = SubLayers(removed, from, unit.Block);
        long branch = SubLayers([.. removed, unit], unit.Block, _model.Config.Blocks.Count);
        long all = Math.Max(1, SubLayers([], 0, _model.Config.Blocks.Count));
        return (((trunk + branch) * _context.CalibrationTokens) + all - 1) / all;
    }

    /// <summary>Sub-layers of some blocks that are on.</summary>
    private long SubLayers(IReadOnlyCollection<Unit> removed, int first, int end)
    {
        long count = 0;
        for (int block = first; block < end; block++)
        {
            BlockShape shape = _model.Config.Blocks[block];
            count += shape.HasAttention && !removed.Any(unit => unit.Block == block && unit.Kind != UnitKind.Mlp) ? 1 : 0;
            count += shape.HasMlp && !removed.Any(unit => unit.Block == block && unit.Kind != UnitKind.Attention) ? 1 : 0;
        }

        return count;
    }

    private string Key(IReadOnlyList<Unit> units)
    {
        string list = string.Join(' ', units.OrderBy(unit => unit.Block).ThenBy(unit => unit.Kind).Select(DepthUnits.NameOf));
        string shown = list.Length <= LongestList ? list : Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(list)));
        return string.Create(CultureInfo.InvariantCulture, $"{(_criterion == DepthCriterion.Kl ? "kl" : "loss")} without {shown}");
    }
}
