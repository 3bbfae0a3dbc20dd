using Niwaki.Tensors;

namespace Niwaki.Kernels.Cpu;

/// <summary>Checks of matrices whose rows are heads side by side.</summary>
internal static class HeadShape
{
    /// <summary>Passes a matrix whose columns are a whole number of heads.</summary>
    /// <param name="x">[rows, heads·headDim].</param>
    /// <param name="headDim">Elements of a head.</param>
    /// <param name="name">The matrix, as the operation calls it.</param>
    /// <exception cref="ArgumentOutOfRangeException">The head dimension is not positive.</exception>
    /// <exception cref="ShapeMismatchException">The columns are no multiple of the head dimension.</exception>
    public static void ThrowIfNotHeads(TensorView<float> x, int headDim, string name)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(headDim, 1);
        if (x.Columns % headDim != 0)
        {
            throw new ShapeMismatchException(name, x.ToString(), $"[rows, heads · {headDim}]");
        }
    }
}
