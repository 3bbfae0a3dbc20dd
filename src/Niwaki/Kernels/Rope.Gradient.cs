using System.Runtime.InteropServices;
using Niwaki.Kernels.Cpu;
using Niwaki.Tensors;

namespace Niwaki.Kernels;

public static unsafe partial class Rope
{
    /// <summary>Turns the gradient of the turned heads into that of the heads before, in place: every pair by the opposite angle.</summary>
    /// <remarks>
    /// (da, db) becomes (da·cos + db·sin, db·cos - da·sin), the transpose of the rotation; the factor of YaRN in cos and sin stays, as it must.
    /// float32. Elements from the rotary dimension on stay as they are. Same bits for any number of threads.
    /// </remarks>
    /// <param name="team">The threads that run it.</param>
    /// <param name="gradient">[rows, heads·headDim], read and written.</param>
    /// <param name="headDim">Elements of a head, at least the rotary dimension of the table; may be odd.</param>
    /// <param name="positions">[rows], the position of each row, 0 to <see cref="RopeTable.MaximumPositions"/> - 1.</param>
    /// <param name="table">cos and sin; grows if a position needs it.</param>
    /// <param name="pairing">Which elements are a pair.</param>
    /// <exception cref="ShapeMismatchException">The columns are no multiple of the head dimension, the head dimension is smaller than the rotary
    /// dimension, or there is not one position for each row.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The head dimension is not positive, a position is out of range, or the pairing is none.</exception>
    public static void Gradient(
        ThreadTeam team, TensorView<float> gradient, int headDim, ReadOnlySpan<int> positions, RopeTable table, RopePairing pairing)
    {
        ArgumentNullException.ThrowIfNull(team);
        ArgumentNullException.ThrowIfNull(table);
        ThrowIfInvalid(gradient, headDim, positions, table, pairing, nameof(gradient));
        float[] rows = table.Rows(LastPosition(positions) + 1);
        float* angles = (float*)Marshal.UnsafeAddrOfPinnedArrayElement(rows, 0);
        fixed (int* position = positions)
        {
            team.For(gradient.Rows, RowChunk.Rows(gradient.Columns), new RopeGradientKernel(
                gradient, (nint)position, (nint)angles, headDim, table.RotaryDim, pairing));
        }

        GC.KeepAlive(rows);
    }
}
