using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Niwaki.Tensors;

namespace Niwaki.Kernels.Cpu;

/// <summary>Reduces each piece of the logits while it is in the second-level cache: largest logit and sum of exponentials per token and chunk.</summary>
/// <remarks>
/// A chunk is a fixed run of columns of the head's piece, so its result depends on the token and the weights alone. The exponentials are
/// float32 and summed in float64: beside the largest term, which is exactly 1, even tiny ones count.
/// </remarks>
internal sealed unsafe class LossReduction : IDisposable
{
    /// <summary>Columns of a chunk; with <see cref="ChunkTiles"/> tiles of rows 192 KiB of logits.</summary>
    public const int ChunkColumns = 512;

    private const int ChunkTiles = 16;
    private const long LogitsOfMember = ChunkTiles * MicroKernel.MaximumRows * ChunkColumns;

    private NativeBuffer<float> _logits = new(0);
    private NativeBuffer<float> _largest = new(0);
    private NativeBuffer<double> _sums = new(0);
    private int* _targets;
    private float* _targetLogits;
    private int _firstVocabularyId;
    private int _outputs;
    private int _chunks;

    /// <summary>Readies the memory for one pass; it is kept for the next one.</summary>
    /// <param name="members">Threads of the team.</param>
    /// <param name="rows">Tokens of the pass.</param>
    /// <param name="outputs">Rows of the head's piece.</param>
    /// <param name="firstVocabularyId">Id of the first of them.</param>
    /// <param name="targets">[rows], the id to score, or -1.</param>
    /// <param name="targetLogits">[rows], written where the target is in the piece.</param>
    public void Begin(int members, int rows, int outputs, int firstVocabularyId, int* targets, float* targetLogits)
    {
        _outputs = outputs;
        _firstVocabularyId = firstVocabularyId;
        _targets = targets;
        _targetLogits = targetLogits;
        _chunks = (int)(((long)outputs + ChunkColumns - 1) / ChunkColumns);
        NativeBuffer<float>.Grow(ref _logits, members * LogitsOfMember);
        NativeBuffer<float>.Grow(ref _largest, (long)rows * _chunks);
        NativeBuffer<double>.Grow(ref _sums, (long)rows * _chunks);
    }

    /// <summary>Pieces of one chunk each.</summary>
    public static WorkDivision Divide(RowTiling tiling, PackedWeights weights) =>
        new(tiling, weights.Panels, ChunkTiles, ChunkColumns / weights.PanelColumns);

    /// <summary>Where a member writes the logits of its piece, [rows of the piece, <see cref="ChunkColumns"/>].</summary>
    public float* Logits(int member) => _logits.Pointer + (member * LogitsOfMember);

    /// <summary>Reduces the piece that a member has just computed.</summary>
    public void Reduce(int member, RowTiling tiling, Piece piece, int firstColumn)
    {
        int columns = Math.Min(ChunkColumns, _outputs - firstColumn);
        float* logits = Logits(member);
        for (int row = tiling.Start(piece.FirstTile); row < tiling.Start(piece.EndTile); row++, logits += ChunkColumns)
        {
            int target = _targets[row];
            if (target < 0)
            {
                continue;
            }

            int column = target - _firstVocabularyId - firstColumn;
            if (column >= 0 && column < columns)
            {
                _targetLogits[row] = logits[column];
            }

            long result = ((long)row * _chunks) + (firstColumn / ChunkColumns);
            _sums.Pointer[result] = SumOfExponentials(logits, columns, out _largest.Pointer[result]);
        }
    }

    /// <summary>Adds the chunks of a token, in their order, to a running maximum and sum.</summary>
    public void Merge(int row, ref double largest, ref double sum)
    {
        float* chunkLargest = _largest.Pointer + ((long)row * _chunks);
        double* chunkSums = _sums.Pointer + ((long)row * _chunks);
        double before = largest;
        for (int chunk = 0; chunk < _chunks; chunk++)
        {
            largest = Math.Max(largest, chunkLargest[chunk]);
        }

        sum *= Math.Exp(before - largest);
        for (int chunk = 0; chunk < _chunks; chunk++)
        {
            sum += chunkSums[chunk] * Math.Exp(chunkLargest[chunk] - largest);
        }
    }

    /// <summary><see cref="SumOfExponentials{TLanes}"/> at the register width of this machine; the logits become the exponentials.</summary>
    public static double SumOfExponentials(float* logits, int count, out float largest)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            return SumOfExponentials<Lanes512>(logits, count, out largest);
        }

        if (Vector256.IsHardwareAccelerated)
        {
            return SumOfExponentials<Lanes256>(logits, count, out largest);
        }

        return Vector128.IsHardwareAccelerated
            ? SumOfExponentials<Lanes128>(logits, count, out largest)
            : SumOfExponentialsScalar(logits, count, out largest);
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _logits.Dispose();
        _largest.Dispose();
        _sums.Dispose();
    }

    /// <summary>The scalar twin of <see cref="SumOfExponentials{TLanes}"/>; overwrites the logits too.</summary>
    internal static double SumOfExponentialsScalar(float* logits, int count, out float largest)
    {
        largest = float.MinValue;
        for (int i = 0; i < count; i++)
        {
            largest = MathF.Max(largest, logits[i]);
        }

        double sum = 0;
        for (int i = 0; i < count; i++)
        {
            logits[i] = MathF.Exp(logits[i] - largest);
            sum += logits[i];
        }

        return sum;
    }

    /// <summary>Σ e^(logit - largest) of one row; the logits, up to a whole register, are overwritten.</summary>
    /// <param name="logits">Followed by room up to a whole register.</param>
    /// <param name="count">Logits, 1 or more.</param>
    /// <param name="largest">The largest logit, at least the smallest finite float32 (so that -∞ alone gives 0, not NaN).</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static double SumOfExponentials<TLanes>(float* logits, int count, out float largest)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        int padded = (count + TLanes.Count - 1) / TLanes.Count * TLanes.Count;
        new Span<float>(logits + count, padded - count).Fill(float.NegativeInfinity);
        TLanes max = TLanes.Create(float.MinValue);
        for (int i = 0; i < padded; i += TLanes.Count)
        {
            max = TLanes.Max(max, TLanes.Load(logits + i));
        }

        largest = TLanes.MaxAcross(max);
        max = TLanes.Create(largest);
        for (int i = 0; i < padded; i += TLanes.Count)
        {
            VectorMath.ExpNonPositive(TLanes.Load(logits + i) - max).Store(logits + i);
        }

        return Sum(logits, padded);
    }

    internal static double Sum(float* values, int count)
    {
        Vector<double> even = default;
        Vector<double> odd = default;
        int i = 0;
        for (; i <= count - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector.Widen(Vector.Load(values + i), out Vector<double> low, out Vector<double> high);
            even += low;
            odd += high;
        }

        double sum = 0;
        even += odd;
        for (int lane = 0; lane < Vector<double>.Count; lane++)
        {
            sum += even[lane];
        }

        for (; i < count; i++)
        {
            sum += values[i];
        }

        return sum;
    }
}
