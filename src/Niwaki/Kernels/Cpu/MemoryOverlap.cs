using Niwaki.Tensors;

namespace Niwaki.Kernels.Cpu;

/// <summary>Refuses an output that would overwrite input which is still to be read.</summary>
internal static unsafe class MemoryOverlap
{
    /// <summary>Passes views that share no element, or that start at the same element and have the same distance between rows.</summary>
    /// <param name="input">What is read.</param>
    /// <param name="output">What is written.</param>
    /// <param name="name">The output, as the operation calls it.</param>
    /// <exception cref="ArgumentException">The views overlap in another way.</exception>
    public static void ThrowIfPartial(TensorView<float> input, TensorView<float> output, string name)
    {
        bool sameRows = input.RowStride == output.RowStride || (input.Rows == 1 && output.Rows == 1);
        if (!(input.Pointer == output.Pointer && sameRows) && Share(input, output))
        {
            throw new ArgumentException(
                $"Output '{name}' {output} overlaps an input {input} in part, expected the same memory or other memory.", name);
        }
    }

    /// <summary>Passes views that share no element.</summary>
    /// <param name="input">What is read.</param>
    /// <param name="output">What is written.</param>
    /// <param name="name">The output, as the operation calls it.</param>
    /// <exception cref="ArgumentException">The views share memory.</exception>
    public static void ThrowIfShared(TensorView<float> input, TensorView<float> output, string name)
    {
        if (Share(input, output))
        {
            throw new ArgumentException($"Output '{name}' {output} overlaps an input {input}, expected other memory.", name);
        }
    }

    private static bool Share(TensorView<float> input, TensorView<float> output)
    {
        if (input.Rows == 0 || output.Rows == 0 || input.Columns == 0 || output.Columns == 0)
        {
            return false;
        }

        long distance = output.Pointer - input.Pointer; // elements; views between whole elements do not occur
        long inputLength = ((input.Rows - 1) * input.RowStride) + input.Columns;
        long outputLength = ((output.Rows - 1) * output.RowStride) + output.Columns;
        if (distance >= inputLength || -distance >= outputLength)
        {
            return false;
        }

        if (input.RowStride != output.RowStride)
        {
            return true; // or hardly ever not
        }

        // Column ranges of one larger matrix: apart if neither reaches the other within a row.
        long stride = input.RowStride;
        long column = ((distance % stride) + stride) % stride;
        return column < input.Columns || column + output.Columns > stride;
    }
}
