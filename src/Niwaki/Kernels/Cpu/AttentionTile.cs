using System.Runtime.CompilerServices;
using Niwaki.Tensors;

namespace Niwaki.Kernels.Cpu;

/// <summary>Attention of one panel of consecutive queries of one head, in the scratch memory of one thread.</summary>
/// <remarks>
/// Works on the transposed problem, so that the panel of queries takes the place of a weight panel: S^T = K Q^T gives a block of scores
/// [keys][queries] whose softmax runs down the columns (no lane meets another), and which is itself the panel of the second product,
/// O^T = V^T P^T. Queries do not mix: a lane's result does not depend on its neighbours.
/// </remarks>
/// <typeparam name="TLanes">Register of the softmax; divides the panel.</typeparam>
internal readonly unsafe struct AttentionTile<TLanes>
    where TLanes : unmanaged, ILanes<TLanes>
{
    /// <summary>Keys of a block: whole tiles; its scores and one tile of values stay in the first-level cache.</summary>
    public const int BlockKeys = 16 * PackedKeyHead.TileRows;

    private readonly AttentionShape _shape;
    private readonly int _width;
    private readonly delegate*<nint, float*, byte*, float*, nint, bool, void> _kernel;
    private readonly float* _query;
    private readonly float* _scores;
    private readonly float* _output;
    private readonly float* _largest;
    private readonly float* _total;

    /// <summary>Takes its scratch memory.</summary>
    /// <param name="shape">Heads, head dimension, scale and window.</param>
    /// <param name="path">The micro-kernel.</param>
    /// <param name="scratch"><see cref="Floats"/> floats, aligned to 64 bytes.</param>
    public AttentionTile(AttentionShape shape, KernelPath path, float* scratch)
    {
        _shape = shape;
        _width = path.PanelColumns();
        _kernel = MicroKernel.Get(path, PackedKeyHead.TileRows, ElementType.F32);
        _query = scratch;
        _scores = _query + ((long)shape.HeadDim * _width);
        _output = _scores + (BlockKeys * _width);
        _largest = _output + ((long)PackedKeyHead.PaddedHeadDim(shape.HeadDim) * _width);
        _total = _largest + _width;
    }

    /// <summary>Floats of scratch memory.</summary>
    public static long Floats(AttentionShape shape, KernelPath path) =>
        (BlockKeys + 2L + shape.HeadDim + PackedKeyHead.PaddedHeadDim(shape.HeadDim)) * path.PanelColumns();

    /// <summary>Computes the queries from a row on, as many as there are but at most a panel.</summary>
    /// <param name="sequence">The sequence.</param>
    /// <param name="keys">Packed keys and values of the head's group.</param>
    /// <param name="head">Query head.</param>
    /// <param name="firstQuery">Row of the first query.</param>
    public void Compute(in AttentionSequence sequence, PackedKeyHead keys, int head, int firstQuery)
    {
        int d = _shape.HeadDim;
        int queries = Math.Min(_width, sequence.Query.Rows - firstQuery);
        int position = sequence.Key.Rows - sequence.Query.Rows + firstQuery;
        Start(sequence.Query.RowPointer(firstQuery) + ((long)head * d), sequence.Query.RowStride, queries);
        int end = position + queries;
        int window = _shape.SlidingWindow ?? int.MaxValue;
        int firstSeen = Math.Max(0, position - (window - 1));
        for (int block = firstSeen / BlockKeys * BlockKeys; block < end; block += BlockKeys)
        {
            int count = Math.Min(BlockKeys, end - block);
            Scores(keys, block, count);
            bool future = block + count - 1 > position; // the first query does not see the last key
            bool past = block < end - window; // the last query does not see the first key
            if (future || past)
            {
                int firstKey = past ? 0 : position - block; // those before are seen by all
                Mask(block - position, Math.Max(0, firstKey), count, window);
            }

            Softmax(count);
            AddValues(keys, block, count);
        }

        for (int query = 0; query < queries; query++)
        {
            sequence.SetLogSumExp(firstQuery + query, head, _largest[query], _total[query]);
        }

        Finish(sequence.Gate(head));
        Transposition.Copy(_output, _width, d, queries, sequence.Output.RowPointer(firstQuery) + ((long)head * d), sequence.Output.RowStride);
    }

    /// <summary>Packs scale · Q as a panel [d][queries], the queries that do not exist as 0, and empties the sums.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Start(float* query, long stride, int queries)
    {
        int d = _shape.HeadDim;
        if (queries < _width)
        {
            new Span<float>(_query, d * _width).Clear();
        }

        Transposition.Copy(query, stride, queries, d, _query, _width);
        TLanes scale = TLanes.Create(_shape.Scale);
        for (int i = 0; i < d * _width; i += TLanes.Count)
        {
            (TLanes.Load(_query + i) * scale).Store(_query + i);
        }

        new Span<float>(_output, PackedKeyHead.PaddedHeadDim(d) * _width).Clear();
        new Span<float>(_largest, _width).Fill(float.MinValue); // finite: a first block without visible keys must leave no NaN
        new Span<float>(_total, _width).Clear();
    }

    /// <summary>The scores of a block, [keys][queries]; rows after the last key up to a whole tile hold rubbish.</summary>
    private void Scores(PackedKeyHead keys, int block, int count)
    {
        for (int row = 0; row < count; row += PackedKeyHead.TileRows)
        {
            float* tile = keys.KeyTile((block + row) / PackedKeyHead.TileRows);
            _kernel(_shape.HeadDim, tile, (byte*)_query, _scores + (row * _width), _width, false);
        }
    }

    /// <summary>Sets the scores of keys that a query does not see to -∞.</summary>
    /// <param name="offset">Position of the first key minus that of the first query.</param>
    /// <param name="firstKey">Key of the block to begin with.</param>
    /// <param name="count">Keys of the block.</param>
    /// <param name="window">Keys that a query sees.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Mask(int offset, int firstKey, int count, int window)
    {
        TLanes hidden = TLanes.Create(float.NegativeInfinity);
        for (int lane = 0; lane < _width; lane += TLanes.Count)
        {
            TLanes query = TLanes.Indices + TLanes.Create(lane);
            for (int key = firstKey; key < count; key++)
            {
                float* score = _scores + (key * _width) + lane;
                TLanes first = TLanes.Create(offset + key); // the first query that sees the key
                TLanes end = TLanes.Create((float)((long)offset + key + window)); // the first one that sees it no more
                TLanes visible = TLanes.SelectLess(query, first, hidden, TLanes.Load(score));
                TLanes.SelectLess(query, end, visible, hidden).Store(score);
            }
        }
    }

    /// <summary>Raises the maxima, replaces the scores by e^(score - maximum), and scales the sums so far to the new maxima.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Softmax(int count)
    {
        for (int lane = 0; lane < _width; lane += TLanes.Count)
        {
            float* column = _scores + lane;
            TLanes before = TLanes.Load(_largest + lane);
            TLanes max = before;
            TLanes other = before;
            int key = 0;
            for (; key <= count - 2; key += 2)
            {
                max = TLanes.Max(max, TLanes.Load(column + (key * _width)));
                other = TLanes.Max(other, TLanes.Load(column + ((key + 1) * _width)));
            }

            if (key < count)
            {
                max = TLanes.Max(max, TLanes.Load(column + (key * _width)));
            }

            max = TLanes.Max(max, other);
            TLanes sum = default;
            for (key = 0; key < count; key++)
            {
                float* score = column + (key * _width);
                TLanes weight = VectorMath.ExpNonPositive(TLanes.Load(score) - max);
                weight.Store(score);
                sum += weight;
            }

            TLanes kept = VectorMath.ExpNonPositive(before - max);
            max.Store(_largest + lane);
            TLanes.MultiplyAdd(TLanes.Load(_total + lane), kept, sum).Store(_total + lane);
            for (int row = 0; row < _shape.HeadDim; row++)
            {
                float* output = _output + (row * _width) + lane;
                (TLanes.Load(output) * kept).Store(output);
            }
        }
    }

    /// <summary>O^T += V^T P^T, [d][queries].</summary>
    private void AddValues(PackedKeyHead keys, int block, int count)
    {
        for (int row = 0; row < _shape.HeadDim; row += PackedKeyHead.TileRows)
        {
            float* tile = keys.ValueTile(row / PackedKeyHead.TileRows, block);
            _kernel(count, tile, (byte*)_scores, _output + (row * _width), _width, true);
        }
    }

    /// <summary>Divides by the sums of the weights and applies the gate.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Finish(float gate)
    {
        for (int lane = 0; lane < _width; lane += TLanes.Count)
        {
            TLanes factor = TLanes.Create(gate) / TLanes.Load(_total + lane);
            for (int row = 0; row < _shape.HeadDim; row++)
            {
                float* output = _output + (row * _width) + lane;
                (TLanes.Load(output) * factor).Store(output);
            }
        }
    }
}
