using System.Diagnostics;
using Niwaki.Models;
using Niwaki.Plans;

namespace Niwaki.Experiments;

/// <summary>The loss of a model without every subset of its blocks or sub-layers.</summary>
/// <remarks>Depth first: what two subsets have in common in front of their first difference runs once, so 2^n subsets cost 2^(n+1) units and 2^n heads.</remarks>
internal sealed class SubsetLosses
{
    private readonly Transformer _model;
    private readonly IReadOnlyList<Unit> _units;
    private readonly int _calibrationWindows;
    private readonly ResidualStream[] _streams;
    private readonly long _start = Stopwatch.GetTimestamp();
    private long _done;

    /// <summary>Runs all subsets.</summary>
    /// <param name="model">The model.</param>
    /// <param name="units">All blocks, or attention and MLP of every block, in the order of the model.</param>
    /// <param name="calibration">Windows that decide.</param>
    /// <param name="evaluation">Windows that judge.</param>
    public SubsetLosses(Transformer model, IReadOnlyList<Unit> units, int[][] calibration, int[][] evaluation)
    {
        _model = model;
        _units = units;
        _calibrationWindows = calibration.Length;
        Calibration = new double[1 << units.Count];
        Evaluation = new double[1 << units.Count];
        int[][] windows = [.. calibration, .. evaluation];
        _streams = [.. Enumerable.Range(0, units.Count + 1).Select(_ => model.Embed(windows))];
        Visit(0, 0);
        Array.ForEach(_streams, stream => stream.Dispose());
    }

    /// <summary>Mean calibration loss without the units whose bits are set.</summary>
    public double[] Calibration { get; }

    /// <summary>Mean loss on the evaluation windows.</summary>
    public double[] Evaluation { get; }

    /// <summary>Stream number <paramref name="unit"/> stands in front of that unit.</summary>
    private void Visit(int unit, int removed)
    {
        if (unit == _units.Count)
        {
            Measure(removed);
            return;
        }

        _streams[unit + 1].CopyFrom(_streams[unit]);
        Visit(unit + 1, removed | (1 << unit));
        _streams[unit + 1].CopyFrom(_streams[unit]);
        int block = _units[unit].Block;
        var gates = new ModelGates(_model.Config.Blocks.Count);
        gates[block].Attention = _units[unit].Kind != UnitKind.Mlp;
        gates[block].Mlp = _units[unit].Kind != UnitKind.Attention;
        _model.RunBlocks(_streams[unit + 1], block, block + 1, [.. Enumerable.Repeat(gates, _streams[0].Windows.Count)]);
        Visit(unit + 1, removed);
    }

    private void Measure(int removed)
    {
        float[][] losses = _model.Losses(_streams[^1]);
        Calibration[removed] = ForwardPass.Mean(losses[.._calibrationWindows]);
        Evaluation[removed] = ForwardPass.Mean(losses[_calibrationWindows..]);
        _done++;
        if (_done % 1024 == 0)
        {
            double seconds = Stopwatch.GetElapsedTime(_start).TotalSeconds;
            Console.Error.WriteLine($"{_done} of {Calibration.Length} subsets, {seconds:F0} s of about {seconds * Calibration.Length / _done:F0} s");
        }
    }
}
