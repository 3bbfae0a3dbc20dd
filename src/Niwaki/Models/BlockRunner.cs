using Niwaki.Kernels;
using Niwaki.Tensors;

namespace Niwaki.Models;

/// <summary>Takes a residual stream through one block, chunk of tokens by chunk.</summary>
/// <remarks>
/// Windows whose gates switch a sub-layer off are left out of its chunks, so that they cost nothing.
/// Every kernel gives a row the same bits whatever else is in the chunk; the cut into chunks therefore changes no result.
/// </remarks>
internal sealed class BlockRunner(ModelConfig config, ThreadTeam team, RopeTable rope) : IDisposable
{
    /// <summary>Rows of a chunk, unless one window is longer: two windows of 256, one of 512; the widest buffer of a 7B model takes 44 MB.</summary>
    private const int ChunkRows = 512;

    private readonly BlockScratch _scratch = new();
    private readonly List<Segment> _segments = [];

    public long ScratchBytes => _scratch.ByteLength;

    public void Run(BlockWeights weights, int block, ResidualStream stream, BlockPass pass)
    {
        Observe(pass, TapPoint.BlockInput, block, stream.Values);
        if (weights.Attention is { } attention)
        {
            RunChunks(stream, block, pass, SubLayer.Attention, () => Attend(attention, weights.Shape, block, stream.Values, pass));
        }

        if (weights.Mlp is { } mlp)
        {
            RunChunks(stream, block, pass, SubLayer.Mlp, () => Transform(mlp, weights.Shape, block, stream.Values, pass));
        }

        Observe(pass, TapPoint.BlockOutput, block, stream.Values);
    }

    public void Dispose() => _scratch.Dispose();

    /// <summary>Collects the windows that are on into chunks of about <see cref="ChunkRows"/> rows and runs a sub-layer on each.</summary>
    private void RunChunks(ResidualStream stream, int block, BlockPass pass, SubLayer subLayer, Action run)
    {
        _segments.Clear();
        int rows = 0;
        for (int window = 0; window < stream.Windows.Count; window++)
        {
            int count = stream.Windows[window].Length;
            BlockGates? gates = pass.Gates?[window]?.Find(block);
            bool on = gates is null || (subLayer == SubLayer.Attention ? gates.Attention : gates.Mlp);
            if (!on || count == 0)
            {
                continue;
            }

            if (rows > 0 && rows + count > ChunkRows)
            {
                run();
                _segments.Clear();
                rows = 0;
            }

            KeyValueCache? cache = pass.Caches?[window];
            _segments.Add(new Segment(stream.FirstRow(window), rows, count, cache?.Length ?? 0, gates, cache));
            rows += count;
        }

        if (rows > 0)
        {
            run();
        }
    }

    private int SegmentRows => _segments[^1].ChunkRow + _segments[^1].Count;

    private void Attend(AttentionWeights weights, BlockShape shape, int block, TensorView<float> stream, BlockPass pass)
    {
        int rows = SegmentRows;
        int d = config.HeadDim;
        int queryWidth = shape.Heads * d;
        int keyWidth = shape.KeyValueHeads * d;
        TensorView<float> normed = Normalise(stream, weights.Norm);
        TensorView<float> projected = _scratch.Wide(rows, queryWidth + (2 * keyWidth));
        MatMul.Apply(team, normed, weights.QueryKeyValue, projected, bias: weights.QueryKeyValueBias);
        TensorView<float> query = projected.SliceColumns(0, queryWidth);
        TensorView<float> key = projected.SliceColumns(queryWidth, keyWidth);
        TensorView<float> value = projected.SliceColumns(queryWidth + keyWidth, keyWidth);
        if (config.Features.QueryKeyNorm)
        {
            RmsNorm.ApplyPerHead(team, query, d, weights.QueryNorm, config.NormEpsilon);
            RmsNorm.ApplyPerHead(team, key, d, weights.KeyNorm, config.NormEpsilon);
        }

        int[] positions = Positions(rows);
        Rope.Apply(team, query, d, positions, rope, RopePairing.HalfSplit);
        Rope.Apply(team, key, d, positions, rope, RopePairing.HalfSplit);
        TensorView<float> heads = _scratch.Inner(rows, queryWidth);
        var attention = new AttentionShape(shape.Heads, shape.KeyValueHeads, d, 1 / MathF.Sqrt(d), config.SlidingWindows[block]);
        Attention.Apply(team, attention, Sequences(block, query, key, value, heads));
        Observe(pass, TapPoint.AttentionHeads, block, heads);
        AddOutput(heads, weights.Output, weights.OutputBias, stream);
    }

    private void Transform(MlpWeights weights, BlockShape shape, int block, TensorView<float> stream, BlockPass pass)
    {
        int rows = SegmentRows;
        TensorView<float> normed = Normalise(stream, weights.Norm);
        TensorView<float> gateUp = _scratch.Wide(rows, 2 * shape.Neurons);
        MatMul.Apply(team, normed, weights.GateUp, gateUp, bias: weights.GateUpBias);
        TensorView<float> neurons = _scratch.Inner(rows, shape.Neurons);
        if (_segments.TrueForAll(segment => segment.Gates?.Neurons is null))
        {
            SwiGlu.Apply(team, gateUp, neurons);
        }
        else
        {
            foreach (Segment segment in _segments)
            {
                SwiGlu.Apply(team, gateUp.SliceRows(segment.ChunkRow, segment.Count), neurons.SliceRows(segment.ChunkRow, segment.Count), segment.Gates?.Neurons);
            }
        }

        Observe(pass, TapPoint.MlpNeurons, block, neurons);
        AddOutput(neurons, weights.Down, weights.DownBias, stream);
    }

    private TensorView<float> Normalise(TensorView<float> stream, float[] norm)
    {
        TensorView<float> normed = _scratch.Normed(SegmentRows, config.HiddenSize);
        foreach (Segment run in ContiguousRuns())
        {
            RmsNorm.Apply(team, stream.SliceRows(run.Row, run.Count), norm, config.NormEpsilon, normed.SliceRows(run.ChunkRow, run.Count));
        }

        return normed;
    }

    private void AddOutput(TensorView<float> inner, PackedWeights weights, float[] bias, TensorView<float> stream)
    {
        foreach (Segment run in ContiguousRuns())
        {
            MatMul.Apply(team, inner.SliceRows(run.ChunkRow, run.Count), weights, stream.SliceRows(run.Row, run.Count), accumulate: true, bias);
        }
    }

    /// <summary>Segments that follow each other in the stream, joined: usually a single one.</summary>
    private IEnumerable<Segment> ContiguousRuns()
    {
        Segment run = _segments[0];
        for (int i = 1; i < _segments.Count; i++)
        {
            Segment next = _segments[i];
            if (next.Row == run.Row + run.Count)
            {
                run = run with { Count = run.Count + next.Count };
            }
            else
            {
                yield return run;
                run = next;
            }
        }

        yield return run;
    }

    private int[] Positions(int rows)
    {
        int[] positions = new int[rows];
        foreach (Segment segment in _segments)
        {
            for (int i = 0; i < segment.Count; i++)
            {
                positions[segment.ChunkRow + i] = segment.Position + i;
            }
        }

        return positions;
    }

    private AttentionSequence[] Sequences(
        int block, TensorView<float> query, TensorView<float> key, TensorView<float> value, TensorView<float> output)
    {
        var sequences = new AttentionSequence[_segments.Count];
        for (int i = 0; i < sequences.Length; i++)
        {
            Segment s = _segments[i];
            TensorView<float> keys = key.SliceRows(s.ChunkRow, s.Count);
            TensorView<float> values = value.SliceRows(s.ChunkRow, s.Count);
            if (s.Cache is { } cache)
            {
                TensorView<float> allKeys = cache.Keys(block, s.Position + s.Count);
                TensorView<float> allValues = cache.Values(block, s.Position + s.Count);
                Copy(keys, allKeys.SliceRows(s.Position, s.Count));
                Copy(values, allValues.SliceRows(s.Position, s.Count));
                keys = allKeys;
                values = allValues;
            }

            sequences[i] = new AttentionSequence
            {
                Query = query.SliceRows(s.ChunkRow, s.Count),
                Key = keys,
                Value = values,
                Output = output.SliceRows(s.ChunkRow, s.Count),
                HeadGates = s.Gates?.Heads,
            };
        }

        return sequences;
    }

    private static void Copy(TensorView<float> from, TensorView<float> to)
    {
        for (int row = 0; row < from.Rows; row++)
        {
            from[row].CopyTo(to[row]);
        }
    }

    private static void Observe(BlockPass pass, TapPoint point, int block, TensorView<float> activations) => pass.Tap?.Invoke(point, block, activations);
}
