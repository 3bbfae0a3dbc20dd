using System.Runtime.InteropServices;
using Niwaki.Kernels.Cpu;
using Niwaki.Tensors;

namespace Niwaki.Kernels;

/// <summary>Rotary positions: turns pairs of elements of every head by an angle that grows with the position (Su et al., 2021, equation 34).</summary>
public static unsafe partial class Rope
{
    /// <summary>(a, b) becomes (a·cos - b·sin, b·cos + a·sin) for every pair of every head, in place.</summary>
    /// <remarks>float32. Elements of a head from the rotary dimension on stay as they are. Same bits for any number of threads.</remarks>
    /// <param name="team">The threads that run it.</param>
    /// <param name="x">X, [rows, heads·headDim], read and written.</param>
    /// <param name="headDim">Elements of a head, at least the rotary dimension of the table; may be odd.</param>
    /// <param name="positions">[rows], the position of each row, 0 to <see cref="RopeTable.MaximumPositions"/> - 1.</param>
    /// <param name="table">cos and sin; grows if a position needs it.</param>
    /// <param name="pairing">Which elements are a pair.</param>
    /// <exception cref="ShapeMismatchException">The columns are no multiple of the head dimension, the head dimension is smaller than the rotary
    /// dimension, or there is not one position for each row.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The head dimension is not positive, a position is out of range, or the pairing is none.</exception>
    public static void Apply(
        ThreadTeam team, TensorView<float> x, int headDim, ReadOnlySpan<int> positions, RopeTable table, RopePairing pairing)
    {
        ArgumentNullException.ThrowIfNull(team);
        ArgumentNullException.ThrowIfNull(table);
        ThrowIfInvalid(x, headDim, positions, table, pairing, nameof(x));
        float[] rows = table.Rows(LastPosition(positions) + 1);
        float* angles = (float*)Marshal.UnsafeAddrOfPinnedArrayElement(rows, 0);
        fixed (int* position = positions)
        {
            team.For(x.Rows, RowChunk.Rows(x.Columns), new RopeKernel(
                (nint)x.Pointer, x.RowStride, (nint)position, (nint)angles, x.Columns / headDim, headDim, table.RotaryDim, pairing));
        }

        GC.KeepAlive(rows);
    }

    private static void ThrowIfInvalid(
        TensorView<float> x, int headDim, ReadOnlySpan<int> positions, RopeTable table, RopePairing pairing, string name)
    {
        HeadShape.ThrowIfNotHeads(x, headDim, name);
        if (headDim < table.RotaryDim)
        {
            throw new ShapeMismatchException(name, $"[{x.Rows}, heads · {headDim}]", $"heads of at least {table.RotaryDim}, the rotary dimension");
        }

        if (positions.Length != x.Rows)
        {
            throw new ShapeMismatchException(nameof(positions), $"[{positions.Length}]", $"[{x.Rows}]");
        }

        if (pairing is not (RopePairing.HalfSplit or RopePairing.Adjacent))
        {
            throw new ArgumentOutOfRangeException(nameof(pairing), pairing, $"Pairing is {pairing}, expected HalfSplit or Adjacent.");
        }
    }

    private static int LastPosition(ReadOnlySpan<int> positions)
    {
        int last = -1;
        for (int row = 0; row < positions.Length; row++)
        {
            if ((uint)positions[row] >= RopeTable.MaximumPositions)
            {
                throw new ArgumentOutOfRangeException(
                    nameof(positions), positions[row], $"Position of row {row} is {positions[row]}, expected 0 to {RopeTable.MaximumPositions - 1}.");
            }

            last = Math.Max(last, positions[row]);
        }

        return last;
    }
}
