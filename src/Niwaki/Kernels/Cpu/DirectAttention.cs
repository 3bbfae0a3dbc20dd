using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Niwaki.Kernels.Cpu;

/// <summary>Attention of a few queries over many keys (a step of generation): dot products along the rows as they lie, bound by memory.</summary>
/// <remarks>A ticket is one key head of one sequence: a block of keys stays in the second-level cache while all query heads of its group read it.</remarks>
internal static unsafe class DirectAttention
{
    /// <summary>The most queries of a sequence that takes this path; for more, packing the keys pays.</summary>
    public const int MaximumQueries = 4;

    private const int BlockKeys = 128;
    private const int RowsAhead = 8;
    private const int FloatsOfCacheLine = 16;

    /// <summary>Computes all heads of the sequences.</summary>
    public static void Run(ThreadTeam team, AttentionShape shape, AttentionSequence[] sequences)
    {
        if (sequences.Length > 0)
        {
            team.For(checked(sequences.Length * shape.KeyValueHeads), 1, new Body(shape, sequences));
        }
    }

    /// <summary>One query of one head at the register width of this machine.</summary>
    public static void Compute(AttentionShape shape, in AttentionSequence sequence, int head, int query)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            Compute<Lanes512>(shape, in sequence, head, query);
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            Compute<Lanes256>(shape, in sequence, head, query);
        }
        else if (Vector128.IsHardwareAccelerated)
        {
            Compute<Lanes128>(shape, in sequence, head, query);
        }
        else
        {
            ScalarAttention.Compute(shape, in sequence, head, query);
        }
    }

    /// <summary>One query of one head at a given register width.</summary>
    internal static void Compute<TLanes>(AttentionShape shape, in AttentionSequence sequence, int head, int query)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        int d = shape.HeadDim;
        float gate = sequence.Gate(head);
        float* output = sequence.Output.RowPointer(query) + ((long)head * d);
        if (gate == 0)
        {
            new Span<float>(output, d).Clear();
            return;
        }

        int position = sequence.Key.Rows - sequence.Query.Rows + query;
        int first = shape.SlidingWindow is int window ? Math.Max(0, position - window + 1) : 0;
        long column = (long)(head / shape.Group) * d;
        float* scores = stackalloc float[BlockKeys];
        const int StackFloats = 1024;
        float[]? large = d > StackFloats ? new float[2 * d] : null;
        float* small = stackalloc float[large is null ? 2 * d : 1];
        fixed (float* pinned = large)
        {
            float* q = large is null ? small : pinned;
            float* sum = q + d;
            ScaledCopy(sequence.Query.RowPointer(query) + ((long)head * d), shape.Scale, q, d);
            new Span<float>(sum, d).Clear();
            float largest = float.MinValue;
            float total = 0;
            for (int block = first; block <= position; block += BlockKeys)
            {
                int keys = Math.Min(BlockKeys, position + 1 - block);
                Dots<TLanes>(q, sequence.Key.RowPointer(block) + column, sequence.Key.RowStride, d, keys, scores);
                float before = largest;
                float blockTotal = Weights<TLanes>(scores, keys, ref largest);
                float kept = MathF.Exp(before - largest);
                total = (total * kept) + blockTotal;
                Scale<TLanes>(sum, d, kept);
                AddWeighted<TLanes>(scores, keys, sequence.Value.RowPointer(block) + column, sequence.Value.RowStride, d, sum);
            }

            sequence.SetLogSumExp(query, head, largest, total);
            Scale<TLanes>(sum, d, gate / total);
            new ReadOnlySpan<float>(sum, d).CopyTo(new Span<float>(output, d));
        }
    }

    /// <summary>Asks for a row that will be needed: the rows of a head lie apart, where the processor does not foresee them. Reads nothing.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Prefetch(float* row, int d)
    {
        if (Sse.IsSupported)
        {
            for (int i = 0; i < d; i += FloatsOfCacheLine)
            {
                Sse.Prefetch0(row + i);
            }
        }
    }

    private static void ScaledCopy(float* source, float factor, float* target, int count)
    {
        for (int i = 0; i < count; i++)
        {
            target[i] = source[i] * factor;
        }
    }

    /// <summary>scores[j] = q · key j, each in the same order whatever the number of keys.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Dots<TLanes>(float* q, float* key, long stride, int d, int keys, float* scores)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        int whole = d / TLanes.Count * TLanes.Count;
        int rest = d - whole;
        TLanes lastQuery = PartialLanes.Load<TLanes>(q + whole, rest);
        for (int j = 0; j < keys; j++, key += stride)
        {
            Prefetch(key + (RowsAhead * stride), d);
            TLanes even = default;
            TLanes odd = default;
            int i = 0;
            for (; i <= whole - (2 * TLanes.Count); i += 2 * TLanes.Count)
            {
                even = TLanes.MultiplyAdd(TLanes.Load(q + i), TLanes.Load(key + i), even);
                odd = TLanes.MultiplyAdd(TLanes.Load(q + i + TLanes.Count), TLanes.Load(key + i + TLanes.Count), odd);
            }

            if (i < whole)
            {
                even = TLanes.MultiplyAdd(TLanes.Load(q + i), TLanes.Load(key + i), even);
            }

            if (rest > 0)
            {
                odd = TLanes.MultiplyAdd(lastQuery, PartialLanes.Load<TLanes>(key + whole, rest), odd);
            }

            scores[j] = TLanes.SumAcross(even + odd);
        }
    }

    /// <summary>Raises the maximum, replaces the scores by e^(score - maximum) and returns their sum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Weights<TLanes>(float* scores, int keys, ref float largest)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        new Span<float>(scores + keys, BlockKeys - keys).Fill(float.NegativeInfinity); // weights of 0
        TLanes max = TLanes.Create(largest);
        for (int j = 0; j < BlockKeys; j += TLanes.Count)
        {
            max = TLanes.Max(max, TLanes.Load(scores + j));
        }

        largest = TLanes.MaxAcross(max);
        max = TLanes.Create(largest);
        TLanes sum = default;
        for (int j = 0; j < BlockKeys; j += TLanes.Count)
        {
            TLanes weight = VectorMath.ExpNonPositive(TLanes.Load(scores + j) - max);
            weight.Store(scores + j);
            sum += weight;
        }

        return TLanes.SumAcross(sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Scale<TLanes>(float* x, int count, float factor)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        int i = 0;
        for (; i <= count - TLanes.Count; i += TLanes.Count)
        {
            (TLanes.Load(x + i) * TLanes.Create(factor)).Store(x + i);
        }

        for (; i < count; i++)
        {
            x[i] *= factor;
        }
    }

    /// <summary>sum += Σ_j weights[j] · value j, in the order of j.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddWeighted<TLanes>(float* weights, int keys, float* value, long stride, int d, float* sum)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        int j = 0;
        for (; j <= keys - 4; j += 4, value += 4 * stride)
        {
            for (int row = 0; row < 4; row++)
            {
                Prefetch(value + ((RowsAhead + row) * stride), d);
            }

            TLanes w0 = TLanes.Create(weights[j]);
            TLanes w1 = TLanes.Create(weights[j + 1]);
            TLanes w2 = TLanes.Create(weights[j + 2]);
            TLanes w3 = TLanes.Create(weights[j + 3]);
            int i = 0;
            for (; i <= d - TLanes.Count; i += TLanes.Count)
            {
                TLanes total = TLanes.MultiplyAdd(w0, TLanes.Load(value + i), TLanes.Load(sum + i));
                total = TLanes.MultiplyAdd(w1, TLanes.Load(value + stride + i), total);
                total = TLanes.MultiplyAdd(w2, TLanes.Load(value + (2 * stride) + i), total);
                TLanes.MultiplyAdd(w3, TLanes.Load(value + (3 * stride) + i), total).Store(sum + i);
            }

            AddRest(weights + j, 4, value, stride, i, d, sum);
        }

        for (; j < keys; j++, value += stride)
        {
            int i = 0;
            for (; i <= d - TLanes.Count; i += TLanes.Count)
            {
                TLanes.MultiplyAdd(TLanes.Create(weights[j]), TLanes.Load(value + i), TLanes.Load(sum + i)).Store(sum + i);
            }

            AddRest(weights + j, 1, value, stride, i, d, sum);
        }
    }

    private static void AddRest(float* weights, int keys, float* value, long stride, int first, int end, float* sum)
    {
        for (int i = first; i < end; i++)
        {
            for (int j = 0; j < keys; j++)
            {
                sum[i] += weights[j] * value[(j * stride) + i];
            }
        }
    }

    private readonly struct Body(AttentionShape shape, AttentionSequence[] sequences) : IForBody
    {
        public void Execute(int first, int end)
        {
            for (int ticket = first; ticket < end; ticket++)
            {
                ref readonly AttentionSequence sequence = ref sequences[ticket / shape.KeyValueHeads];
                int keyHead = ticket % shape.KeyValueHeads;
                for (int query = 0; query < sequence.Query.Rows; query++)
                {
                    for (int head = keyHead * shape.Group; head < (keyHead + 1) * shape.Group; head++)
                    {
                        Compute(shape, in sequence, head, query);
                    }
                }
            }
        }
    }
}
