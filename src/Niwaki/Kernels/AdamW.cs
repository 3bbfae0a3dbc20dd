using Niwaki.Kernels.Cpu;
using Niwaki.Tensors;

namespace Niwaki.Kernels;

/// <summary>Adam with decoupled weight decay (Loshchilov and Hutter, 2019, algorithm 2), element by element.</summary>
public static class AdamW
{
    /// <summary>Moves weights by one step.</summary>
    /// <remarks>
    /// g = factor · gradient; m = β1·m + (1 - β1)·g; v = β2·v + (1 - β2)·g²; w = w - η·λ·w - η · (m / (1 - β1ᵗ)) / (√(v / (1 - β2ᵗ)) + ε).
    /// float32, the factors that are the same for all elements float64 rounded once. Same bits for any number of threads.
    /// </remarks>
    /// <param name="team">The threads that run it.</param>
    /// <param name="weights">w, [rows, columns], read and written.</param>
    /// <param name="gradients">[rows, columns]. Read only.</param>
    /// <param name="firstMoment">m, [rows, columns], read and written; 0 before the first step.</param>
    /// <param name="secondMoment">v, [rows, columns], read and written; 0 before the first step.</param>
    /// <param name="step">Factors.</param>
    /// <exception cref="ShapeMismatchException">The shapes differ.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The number of the step is below 1.</exception>
    public static void Update(
        ThreadTeam team,
        TensorView<float> weights,
        TensorView<float> gradients,
        TensorView<float> firstMoment,
        TensorView<float> secondMoment,
        AdamStep step)
    {
        ArgumentNullException.ThrowIfNull(team);
        ArgumentOutOfRangeException.ThrowIfLessThan(step.Number, 1, nameof(step));
        ThrowIfNotShapeOf(weights, gradients, nameof(gradients));
        ThrowIfNotShapeOf(weights, firstMoment, nameof(firstMoment));
        ThrowIfNotShapeOf(weights, secondMoment, nameof(secondMoment));
        team.For(weights.Rows, RowChunk.Rows(weights.Columns), new AdamWKernel(weights, gradients, firstMoment, secondMoment, step));
    }

    private static void ThrowIfNotShapeOf(TensorView<float> weights, TensorView<float> view, string name)
    {
        if (view.Rows != weights.Rows || view.Columns != weights.Columns)
        {
            throw new ShapeMismatchException(name, view.ToString(), weights.ToString());
        }
    }
}
