namespace Niwaki.Kernels.Cpu;

/// <summary>The scalar twin of the attention kernels: also what runs where there are no vector instructions.</summary>
internal static unsafe class ScalarAttention
{
    /// <summary>One query of one head in two passes over its keys: largest score, then weighted sum.</summary>
    /// <param name="shape">Heads, head dimension, scale and window.</param>
    /// <param name="sequence">The sequence; only the output of this head and query is written.</param>
    /// <param name="head">Query head.</param>
    /// <param name="query">Row of the query.</param>
    public static void Compute(AttentionShape shape, in AttentionSequence sequence, int head, int query)
    {
        int d = shape.HeadDim;
        float gate = sequence.Gate(head);
        Span<float> output = sequence.Output[query].Slice(head * d, d);
        if (gate == 0)
        {
            output.Clear();
            return;
        }

        float[] q = sequence.Query[query].Slice(head * d, d).ToArray(); // the output may be the query's own memory
        int position = sequence.Key.Rows - sequence.Query.Rows + query;
        int first = shape.SlidingWindow is int window ? Math.Max(0, position - window + 1) : 0;
        int column = head / shape.Group * d;
        float largest = float.NegativeInfinity;
        float[] scores = new float[position - first + 1];
        for (int i = 0; i < scores.Length; i++)
        {
            scores[i] = Dot(q, sequence.Key[first + i].Slice(column, d)) * shape.Scale;
            largest = MathF.Max(largest, scores[i]);
        }

        float sum = 0;
        output.Clear();
        for (int i = 0; i < scores.Length; i++)
        {
            float p = MathF.Exp(scores[i] - largest);
            sum += p;
            AddScaled(output, p, sequence.Value[first + i].Slice(column, d));
        }

        sequence.SetLogSumExp(query, head, largest, sum);
        for (int i = 0; i < d; i++)
        {
            output[i] *= gate / sum;
        }
    }

    private static float Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        float sum = 0;
        for (int i = 0; i < a.Length; i++)
        {
            sum += a[i] * b[i];
        }

        return sum;
    }

    private static void AddScaled(Span<float> sum, float factor, ReadOnlySpan<float> v)
    {
        for (int i = 0; i < v.Length; i++)
        {
            sum[i] += factor * v[i];
        }
    }
}
