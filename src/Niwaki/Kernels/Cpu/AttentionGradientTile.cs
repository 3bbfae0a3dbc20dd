using System.Runtime.CompilerServices;
using Niwaki.Tensors;

namespace Niwaki.Kernels.Cpu;

/// <summary>Gradients of one key head of one sequence, panel of queries by panel, in the scratch memory of one thread.</summary>
/// <remarks>
/// As in <see cref="AttentionTile{TLanes}"/> a panel of queries takes the place of a weight panel: S^T = K Q^T and dP^T = V dO^T are blocks [keys][queries],
/// whose columns need the log-sum-exp and do·o of their own query only. dQ^T = K^T dS^T has dS^T for a panel again; for dK = dS Q and dV = P dO the block is
/// turned over, six keys at a time, and multiplied with the rows of Q and dO. The sums over keys run along blocks, those over queries along panels and heads.
/// </remarks>
/// <typeparam name="TLanes">Register of the softmax; divides the panel.</typeparam>
internal readonly unsafe struct AttentionGradientTile<TLanes>
    where TLanes : unmanaged, ILanes<TLanes>
{
    private const int TileRows = PackedKeyHead.TileRows;
    private const int BlockKeys = AttentionTile<TLanes>.BlockKeys;

    private readonly AttentionShape _shape;
    private readonly int _tokens;
    private readonly int _width;
    private readonly int _paddedHeadDim;
    private readonly delegate*<nint, float*, byte*, float*, nint, bool, void> _kernel;
    private readonly PackedKeyHead _keys;
    private readonly PackedKeyHead _values;
    private readonly float* _keyGradient;
    private readonly float* _valueGradient;
    private readonly float* _query;
    private readonly float* _outputGradient;
    private readonly float* _queryRows;
    private readonly float* _outputGradientRows;
    private readonly float* _weights;
    private readonly float* _scoreGradients;
    private readonly float* _queryGradient;
    private readonly float* _turned;
    private readonly float* _logSumExp;
    private readonly float* _outputProduct;

    /// <summary>Takes its scratch memory, packs the keys and values of a key head, and empties the sums.</summary>
    /// <param name="shape">Heads, head dimension, scale and window.</param>
    /// <param name="path">The micro-kernel.</param>
    /// <param name="scratch"><see cref="Floats"/> floats, aligned to 64 bytes.</param>
    /// <param name="sequence">The sequence, of at least one token.</param>
    /// <param name="keyHead">The key head.</param>
    public AttentionGradientTile(AttentionShape shape, KernelPath path, float* scratch, in AttentionGradientSequence sequence, int keyHead)
    {
        int d = shape.HeadDim;
        _shape = shape;
        _tokens = sequence.Query.Rows;
        _width = path.PanelColumns();
        _paddedHeadDim = PaddedHeadDim(shape, path);
        _kernel = MicroKernel.Get(path, TileRows, ElementType.F32);
        _query = scratch;
        _outputGradient = _query + (d * _width);
        _queryRows = _outputGradient + (d * _width);
        _outputGradientRows = _queryRows + (_width * _paddedHeadDim);
        _weights = _outputGradientRows + (_width * _paddedHeadDim);
        _scoreGradients = _weights + (BlockKeys * _width);
        _queryGradient = _scoreGradients + (BlockKeys * _width);
        _turned = _queryGradient + (PackedKeyHead.PaddedHeadDim(d) * _width);
        _logSumExp = _turned + (TileRows * _width);
        _outputProduct = _logSumExp + _width;
        _keyGradient = _outputProduct + _width;
        long sums = (long)PaddedTokens(_tokens) * _paddedHeadDim;
        _valueGradient = _keyGradient + sums;
        new Span<float>(_keyGradient, checked((int)(2 * sums))).Clear();
        new Span<float>(_queryRows, 2 * _width * _paddedHeadDim).Clear();

        long column = (long)keyHead * d;
        _keys = new PackedKeyHead(0, keyHead);
        _values = new PackedKeyHead(0, keyHead);
        float* next = _keys.Place(_valueGradient + sums, _tokens, d);
        _values.Place(next, _tokens, d);
        Pack(_keys, sequence.Key, column);
        Pack(_values, sequence.Value, column);
    }

    /// <summary>Floats of scratch memory for a sequence of so many tokens.</summary>
    public static long Floats(AttentionShape shape, KernelPath path, int tokens) => checked(
        (path.PanelColumns() * ((2L * shape.HeadDim) + (2L * PaddedHeadDim(shape, path)) + (2 * BlockKeys) + PackedKeyHead.PaddedHeadDim(shape.HeadDim) + TileRows + 2))
        + (2L * PaddedTokens(tokens) * PaddedHeadDim(shape, path))
        + (2 * PackedKeyHead.Floats(tokens, shape.HeadDim)));

    /// <summary>Adds what the queries from a row on give to the gradients of keys and values, and writes their own.</summary>
    /// <param name="sequence">The sequence.</param>
    /// <param name="head">Query head, one that reads the key head.</param>
    /// <param name="firstQuery">Row of the first query; as many as there are but at most a panel are taken.</param>
    public void Compute(in AttentionGradientSequence sequence, int head, int firstQuery)
    {
        int queries = Math.Min(_width, _tokens - firstQuery);
        Start(in sequence, head, firstQuery, queries);
        int end = firstQuery + queries;
        int window = _shape.SlidingWindow ?? int.MaxValue;
        int firstSeen = Math.Max(0, firstQuery - (window - 1));
        for (int block = firstSeen / BlockKeys * BlockKeys; block < end; block += BlockKeys)
        {
            // Whole tiles: keys after the last one are hidden like all that a query does not see.
            int count = (Math.Min(BlockKeys, end - block) + TileRows - 1) / TileRows * TileRows;
            for (int row = 0; row < count; row += TileRows)
            {
                int tile = (block + row) / TileRows;
                _kernel(_shape.HeadDim, _keys.KeyTile(tile), (byte*)_query, _weights + (row * _width), _width, false);
                _kernel(_shape.HeadDim, _values.KeyTile(tile), (byte*)_outputGradient, _scoreGradients + (row * _width), _width, false);
            }

            Softmax(block - firstQuery, count, window);
            AddQueryGradient(block, count);
            AddKeyGradients(_weights, _outputGradientRows, _valueGradient + ((long)block * _paddedHeadDim), count);
            AddKeyGradients(_scoreGradients, _queryRows, _keyGradient + ((long)block * _paddedHeadDim), count);
        }

        WriteQueryGradient(in sequence, head, firstQuery, queries);
    }

    /// <summary>Writes the gradients of keys and values.</summary>
    public void Finish(in AttentionGradientSequence sequence, int keyHead)
    {
        int d = _shape.HeadDim;
        for (int row = 0; row < _tokens; row++)
        {
            new ReadOnlySpan<float>(_keyGradient + ((long)row * _paddedHeadDim), d)
                .CopyTo(new Span<float>(sequence.KeyGradient.RowPointer(row) + ((long)keyHead * d), d));
            new ReadOnlySpan<float>(_valueGradient + ((long)row * _paddedHeadDim), d)
                .CopyTo(new Span<float>(sequence.ValueGradient.RowPointer(row) + ((long)keyHead * d), d));
        }
    }

    private static int PaddedHeadDim(AttentionShape shape, KernelPath path) =>
        (shape.HeadDim + path.PanelColumns() - 1) / path.PanelColumns() * path.PanelColumns();

    private static int PaddedTokens(int tokens) => checked((tokens + TileRows - 1) / TileRows * TileRows);

    private static void Pack(PackedKeyHead packed, TensorView<float> rows, long column)
    {
        float* first = rows.Pointer + column;
        packed.Pack(first, rows.RowStride, first, rows.RowStride, 0, rows.Rows);
    }

    /// <summary>Packs scale · Q and dO as panels [d][queries] and as rows in panels [queries][d], and takes do·o; what does not exist is 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Start(in AttentionGradientSequence sequence, int head, int firstQuery, int queries)
    {
        int d = _shape.HeadDim;
        long column = (long)head * d;
        if (queries < _width)
        {
            new Span<float>(_query, 2 * d * _width).Clear();
            new Span<float>(_queryRows, 2 * _width * _paddedHeadDim).Clear();
            new Span<float>(_logSumExp, 2 * _width).Clear();
        }

        float* query = sequence.Query.RowPointer(firstQuery) + column;
        float* gradient = sequence.OutputGradient.RowPointer(firstQuery) + column;
        float* output = sequence.Output.RowPointer(firstQuery) + column;
        Transposition.Copy(query, sequence.Query.RowStride, queries, d, _query, _width);
        Transposition.Copy(gradient, sequence.OutputGradient.RowStride, queries, d, _outputGradient, _width);
        TLanes scale = TLanes.Create(_shape.Scale);
        for (int i = 0; i < d * _width; i += TLanes.Count)
        {
            (TLanes.Load(_query + i) * scale).Store(_query + i);
        }

        for (int row = 0; row < queries; row++)
        {
            CopyRow(query, row, d, _queryRows, _shape.Scale);
            CopyRow(gradient, row, d, _outputGradientRows, 1);
            _logSumExp[row] = sequence.LogSumExp.RowPointer(firstQuery + row)[head];
            _outputProduct[row] = Dot(gradient, output, d);
            query += sequence.Query.RowStride;
            gradient += sequence.OutputGradient.RowStride;
            output += sequence.Output.RowStride;
        }

        new Span<float>(_queryGradient, PackedKeyHead.PaddedHeadDim(d) * _width).Clear();
    }

    /// <summary>One row into panels [d / width][queries][width].</summary>
    private void CopyRow(float* source, int row, int d, float* panels, float scale)
    {
        for (int first = 0; first < d; first += _width)
        {
            float* target = panels + (first * _width) + (row * _width);
            int count = Math.Min(_width, d - first);
            int i = 0;
            for (; i <= count - TLanes.Count; i += TLanes.Count)
            {
                (TLanes.Load(source + first + i) * TLanes.Create(scale)).Store(target + i);
            }

            for (; i < count; i++)
            {
                target[i] = source[first + i] * scale;
            }
        }
    }

    private static float Dot(float* a, float* b, int count)
    {
        TLanes sum = default;
        int i = 0;
        for (; i <= count - TLanes.Count; i += TLanes.Count)
        {
            sum = TLanes.MultiplyAdd(TLanes.Load(a + i), TLanes.Load(b + i), sum);
        }

        if (i < count)
        {
            sum = TLanes.MultiplyAdd(PartialLanes.Load<TLanes>(a + i, count - i), PartialLanes.Load<TLanes>(b + i, count - i), sum);
        }

        return TLanes.SumAcross(sum);
    }

    /// <summary>Replaces the scores by p = e^(score - log-sum-exp), 0 where a key is hidden, and dP by dS = p · (dP - do·o).</summary>
    /// <param name="offset">Position of the first key minus that of the first query.</param>
    /// <param name="count">Keys of the block in whole tiles.</param>
    /// <param name="window">Keys that a query sees.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Softmax(int offset, int count, int window)
    {
        bool masked = offset + count - 1 > 0 || offset <= _width - 1 - window;
        for (int lane = 0; lane < _width; lane += TLanes.Count)
        {
            TLanes logSumExp = TLanes.Load(_logSumExp + lane);
            TLanes product = TLanes.Load(_outputProduct + lane);
            TLanes query = TLanes.Indices + TLanes.Create(lane);
            for (int key = 0; key < count; key++)
            {
                float* score = _weights + (key * _width) + lane;
                float* gradient = _scoreGradients + (key * _width) + lane;
                TLanes weight = VectorMath.ExpNonPositive(TLanes.Load(score) - logSumExp);
                TLanes change = weight * (TLanes.Load(gradient) - product);
                if (masked)
                {
                    TLanes first = TLanes.Create(offset + key); // the first query that sees the key
                    TLanes end = TLanes.Create((float)((long)offset + key + window)); // the first one that sees it no more
                    TLanes zero = default;
                    weight = TLanes.SelectLess(query, first, zero, TLanes.SelectLess(query, end, weight, zero));
                    change = TLanes.SelectLess(query, first, zero, TLanes.SelectLess(query, end, change, zero));
                }

                weight.Store(score);
                change.Store(gradient);
            }
        }
    }

    /// <summary>dQ^T += K^T dS^T, [d][queries].</summary>
    private void AddQueryGradient(int block, int count)
    {
        for (int row = 0; row < _shape.HeadDim; row += TileRows)
        {
            float* tile = _keys.ValueTile(row / TileRows, block);
            _kernel(count, tile, (byte*)_scoreGradients, _queryGradient + (row * _width), _width, true);
        }
    }

    /// <summary>sums[keys][d] += block[keys][queries] · rows[queries][d].</summary>
    private void AddKeyGradients(float* block, float* rows, float* sums, int count)
    {
        for (int key = 0; key < count; key += TileRows)
        {
            Transposition.Copy(block + (key * _width), _width, TileRows, _width, _turned, TileRows);
            for (int column = 0; column < _paddedHeadDim; column += _width)
            {
                _kernel(_width, _turned, (byte*)(rows + (column * _width)), sums + ((long)key * _paddedHeadDim) + column, _paddedHeadDim, true);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void WriteQueryGradient(in AttentionGradientSequence sequence, int head, int firstQuery, int queries)
    {
        int d = _shape.HeadDim;
        TLanes scale = TLanes.Create(_shape.Scale);
        for (int i = 0; i < d * _width; i += TLanes.Count)
        {
            (TLanes.Load(_queryGradient + i) * scale).Store(_queryGradient + i);
        }

        TensorView<float> target = sequence.QueryGradient;
        Transposition.Copy(_queryGradient, _width, d, queries, target.RowPointer(firstQuery) + ((long)head * d), target.RowStride);
    }
}
