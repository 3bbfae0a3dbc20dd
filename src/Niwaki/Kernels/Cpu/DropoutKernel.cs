using Niwaki.Tensors;

namespace Niwaki.Kernels.Cpu;

/// <summary>Rows of which elements are dropped at random.</summary>
/// <param name="X">[rows, columns].</param>
/// <param name="Y">[rows, columns], written or added to.</param>
/// <param name="Dropped">Of 2^16 values of 16 random bits those that drop an element.</param>
/// <param name="Factor">Factor of the elements that stay.</param>
/// <param name="Seed">Decides which.</param>
/// <param name="Accumulate">Whether the result is added.</param>
internal readonly unsafe record struct DropoutKernel(TensorView<float> X, TensorView<float> Y, uint Dropped, float Factor, ulong Seed, bool Accumulate) : IForBody
{
    public void Execute(int first, int end)
    {
        for (int row = first; row < end; row++)
        {
            float* x = X.RowPointer(row);
            float* y = Y.RowPointer(row);
            ulong bits = 0;
            for (int i = 0; i < X.Columns; i++)
            {
                // One number of 64 bits serves four elements.
                bits = Dropped == 0 || i % 4 != 0 ? bits >> 16 : Mix(Seed + (((ulong)(uint)row << 32) | ((uint)i / 4)));
                float value = Dropped > 0 && (bits & 0xFFFF) < Dropped ? 0 : x[i] * Factor;
                y[i] = Accumulate ? y[i] + value : value;
            }
        }
    }

    /// <summary>The output function of SplitMix64 (Steele, Lea and Flood, 2014).</summary>
    private static ulong Mix(ulong state)
    {
        ulong z = unchecked(state * 0x9E3779B97F4A7C15UL);
        z = unchecked((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL);
        z = unchecked((z ^ (z >> 27)) * 0x94D049BB133111EBUL);
        return z ^ (z >> 31);
    }
}
