using Niwaki.Tensors;

namespace Niwaki.Kernels;

/// <summary>How far one prediction is from another: the divergence between the softmax of two rows of logits.</summary>
public static class KullbackLeibler
{
    /// <summary>divergences[t] = KL(p‖q) = Σ_v p_v · (ln p_v − ln q_v), p and q the softmax of row t of the reference and of the other logits.</summary>
    /// <remarks>Exponentials in float32, sums in float64; rounding may leave a value just below 0. NaN or ∞ among the logits of a row makes its value NaN or ∞.</remarks>
    /// <param name="team">The threads; a row has the same bits whatever their number.</param>
    /// <param name="reference">Logits of p, [tokens, vocabulary].</param>
    /// <param name="logits">Logits of q, [tokens, vocabulary].</param>
    /// <param name="divergences">[tokens], in nats, written.</param>
    /// <exception cref="ShapeMismatchException">The logits have different shapes, or there is not one divergence for each token.</exception>
    public static unsafe void Apply(ThreadTeam team, TensorView<float> reference, TensorView<float> logits, Span<double> divergences)
    {
        ArgumentNullException.ThrowIfNull(team);
        if (logits.Rows != reference.Rows || logits.Columns != reference.Columns)
        {
            throw new ShapeMismatchException(nameof(logits), logits.ToString(), reference.ToString());
        }

        if (divergences.Length != reference.Rows)
        {
            throw new ShapeMismatchException(nameof(divergences), $"[{divergences.Length}]", $"[{reference.Rows}]");
        }

        fixed (double* target = divergences)
        {
            team.For(reference.Rows, 1, new Rows(reference, logits, target));
        }
    }

    /// <summary>The divergence of one row of logits from another.</summary>
    internal static double OfRow(ReadOnlySpan<float> p, ReadOnlySpan<float> q)
    {
        float largestP = Largest(p), largestQ = Largest(q);
        double sumP = 0, sumQ = 0, cross = 0;
        for (int v = 0; v < p.Length; v++)
        {
            float shiftedP = p[v] - largestP, shiftedQ = q[v] - largestQ;
            float e = MathF.Exp(shiftedP);
            sumP += e;
            sumQ += MathF.Exp(shiftedQ);
            cross += e == 0 ? 0 : (double)e * (shiftedP - shiftedQ);
        }

        return (cross / sumP) - Math.Log(sumP) + Math.Log(sumQ);
    }

    private static float Largest(ReadOnlySpan<float> values)
    {
        float largest = float.NegativeInfinity;
        foreach (float value in values)
        {
            largest = MathF.Max(largest, value);
        }

        return largest;
    }

    private readonly unsafe struct Rows(TensorView<float> reference, TensorView<float> logits, double* divergences) : IForBody
    {
        public void Execute(int first, int end)
        {
            for (int row = first; row < end; row++)
            {
                divergences[row] = OfRow(reference[row], logits[row]);
            }
        }
    }
}
