using System.Numerics;
using Niwaki.Tensors;

namespace Niwaki.Kernels.Cpu;

/// <summary>Rows of logits that become the gradients of their losses, in place.</summary>
/// <param name="Logits">[tokens, vocabulary], each row followed by room up to a whole register.</param>
/// <param name="Targets">[tokens], the id to score, or -1.</param>
/// <param name="Losses">[tokens], written, nats.</param>
/// <param name="Factor">What the gradient of a loss counts.</param>
internal readonly unsafe record struct CrossEntropyKernel(TensorView<float> Logits, nint Targets, nint Losses, float Factor) : IForBody
{
    public void Execute(int first, int end)
    {
        for (int row = first; row < end; row++)
        {
            float* logits = Logits.RowPointer(row);
            int target = ((int*)Targets)[row];
            if (target < 0)
            {
                ((float*)Losses)[row] = 0;
                new Span<float>(logits, Logits.Columns).Clear();
                continue;
            }

            float targetLogit = logits[target];
            double sum = LossReduction.SumOfExponentials(logits, Logits.Columns, out float largest);
            ((float*)Losses)[row] = (float)((double)largest - targetLogit + Math.Log(sum));
            Scale(logits, Logits.Columns, (float)(Factor / sum));
            logits[target] -= Factor;
        }
    }

    private static void Scale(float* values, int count, float factor)
    {
        int i = 0;
        for (; i <= count - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector.Store(Vector.Load(values + i) * factor, values + i);
        }

        for (; i < count; i++)
        {
            values[i] *= factor;
        }
    }
}
