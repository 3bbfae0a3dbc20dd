using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Niwaki.Tensors;

namespace Niwaki.Kernels.Cpu;

/// <summary>Rows of logits that become the gradients of their losses and of their divergence from a reference, in place.</summary>
/// <remarks>
/// With q and p the softmax of a row of logits z and of the reference's r: KL(p‖q) = Σ p (r - z) - log Σ e^r + log Σ e^z, and the gradient is
/// factor · ((1 + weight) q - weight · p - one-hot). Exponentials float32, sums of them float64.
/// </remarks>
/// <param name="Loss">Logits, targets, losses and factor.</param>
/// <param name="Reference">[tokens, vocabulary], rows as far apart as those of the logits; overwritten.</param>
/// <param name="Divergences">[tokens], written, nats.</param>
/// <param name="Weight">What a divergence counts beside a loss.</param>
internal readonly unsafe record struct DivergenceKernel(CrossEntropyKernel Loss, TensorView<float> Reference, nint Divergences, float Weight) : IForBody
{
    private const int ChunkColumns = 512;

    public void Execute(int first, int end)
    {
        for (int row = first; row < end; row++)
        {
            float* logits = Loss.Logits.RowPointer(row);
            float* divergence = (float*)Divergences + row;
            int target = ((int*)Loss.Targets)[row];
            if (target < 0)
            {
                ((float*)Loss.Losses)[row] = 0;
                *divergence = 0;
                new Span<float>(logits, Loss.Logits.Columns).Clear();
                continue;
            }

            float targetLogit = logits[target];
            float* reference = Reference.RowPointer(row);
            double sum, referenceSum, cross;
            float largest;
            if (Vector512.IsHardwareAccelerated)
            {
                cross = Exponentials<Lanes512>(logits, reference, Loss.Logits.Columns, out sum, out referenceSum, out largest);
            }
            else if (Vector256.IsHardwareAccelerated)
            {
                cross = Exponentials<Lanes256>(logits, reference, Loss.Logits.Columns, out sum, out referenceSum, out largest);
            }
            else
            {
                cross = Vector128.IsHardwareAccelerated
                    ? Exponentials<Lanes128>(logits, reference, Loss.Logits.Columns, out sum, out referenceSum, out largest)
                    : ExponentialsScalar(logits, reference, Loss.Logits.Columns, out sum, out referenceSum, out largest);
            }

            ((float*)Loss.Losses)[row] = (float)((double)largest - targetLogit + Math.Log(sum));
            *divergence = (float)((cross / referenceSum) - Math.Log(referenceSum) + Math.Log(sum));
            float own = (float)(Loss.Factor * (1 + Weight) / sum);
            float other = (float)(-Loss.Factor * Weight / referenceSum);
            Combine(logits, own, reference, other, Loss.Logits.Columns);
            logits[target] -= Loss.Factor;
        }
    }

    /// <summary>The scalar twin of <see cref="Exponentials{TLanes}"/>.</summary>
    internal static double ExponentialsScalar(float* logits, float* reference, int count, out double sum, out double referenceSum, out float largest)
    {
        largest = float.MinValue;
        float largestReference = float.MinValue;
        for (int i = 0; i < count; i++)
        {
            largest = MathF.Max(largest, logits[i]);
            largestReference = MathF.Max(largestReference, reference[i]);
        }

        double cross = sum = referenceSum = 0;
        for (int i = 0; i < count; i++)
        {
            float shifted = logits[i] - largest;
            float shiftedReference = reference[i] - largestReference;
            logits[i] = MathF.Exp(shifted);
            reference[i] = MathF.Exp(shiftedReference);
            sum += logits[i];
            referenceSum += reference[i];
            cross += reference[i] * (shiftedReference - shifted);
        }

        return cross;
    }

    /// <summary>Both rows become their exponentials; returns Σ e^(r - max r) · ((r - max r) - (z - max z)).</summary>
    /// <param name="logits">z, [count].</param>
    /// <param name="reference">r, [count].</param>
    /// <param name="count">Logits, 1 or more.</param>
    /// <param name="sum">Σ e^(z - max z).</param>
    /// <param name="referenceSum">Σ e^(r - max r).</param>
    /// <param name="largest">max z.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static double Exponentials<TLanes>(float* logits, float* reference, int count, out double sum, out double referenceSum, out float largest)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        int whole = count / TLanes.Count * TLanes.Count;
        TLanes max = TLanes.Create(float.MinValue);
        TLanes maxReference = max;
        for (int i = 0; i < whole; i += TLanes.Count)
        {
            max = TLanes.Max(max, TLanes.Load(logits + i));
            maxReference = TLanes.Max(maxReference, TLanes.Load(reference + i));
        }

        largest = TLanes.MaxAcross(max);
        float largestReference = TLanes.MaxAcross(maxReference);
        for (int i = whole; i < count; i++)
        {
            largest = MathF.Max(largest, logits[i]);
            largestReference = MathF.Max(largestReference, reference[i]);
        }

        max = TLanes.Create(largest);
        maxReference = TLanes.Create(largestReference);
        double cross = 0;
        for (int chunk = 0; chunk < whole; chunk += ChunkColumns)
        {
            TLanes part = default;
            for (int i = chunk; i < Math.Min(whole, chunk + ChunkColumns); i += TLanes.Count)
            {
                TLanes shifted = TLanes.Load(logits + i) - max;
                TLanes shiftedReference = TLanes.Load(reference + i) - maxReference;
                TLanes weight = VectorMath.ExpNonPositive(shiftedReference);
                VectorMath.ExpNonPositive(shifted).Store(logits + i);
                weight.Store(reference + i);
                part = TLanes.MultiplyAdd(weight, shiftedReference - shifted, part);
            }

            cross += TLanes.SumAcross(part);
        }

        for (int i = whole; i < count; i++)
        {
            float shifted = logits[i] - largest;
            float shiftedReference = reference[i] - largestReference;
            logits[i] = MathF.Exp(shifted);
            reference[i] = MathF.Exp(shiftedReference);
            cross += reference[i] * (shiftedReference - shifted);
        }

        sum = LossReduction.Sum(logits, count);
        referenceSum = LossReduction.Sum(reference, count);
        return cross;
    }

    private static void Combine(float* values, float factor, float* others, float otherFactor, int count)
    {
        int i = 0;
        for (; i <= count - System.Numerics.Vector<float>.Count; i += System.Numerics.Vector<float>.Count)
        {
            System.Numerics.Vector.Store(
                (System.Numerics.Vector.Load(values + i) * factor) + (System.Numerics.Vector.Load(others + i) * otherFactor), values + i);
        }

        for (; i < count; i++)
        {
            values[i] = (values[i] * factor) + (others[i] * otherFactor);
        }
    }
}
