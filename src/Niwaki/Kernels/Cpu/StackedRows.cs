using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Niwaki.Tensors;

namespace Niwaki.Kernels.Cpu;

/// <summary>The kept rows of stacked matrices as one matrix, checked once and read in runs of one row.</summary>
internal sealed unsafe class StackedRows
{
    private readonly WeightSlice[] _slices;

    /// <summary>Checks the matrices and their lists; see <see cref="PackedWeights.Pack(ThreadTeam, ReadOnlySpan{WeightSlice}, PackedFormat)"/>.</summary>
    public StackedRows(WeightSlice[] slices)
    {
        if (slices.Length == 0)
        {
            throw new ArgumentException("Stacked matrices: 0, expected at least 1.", nameof(slices));
        }

        _slices = slices;
        Inputs = slices[0].Inputs;
        ElementType = slices[0].Matrix.ElementType;
        for (int i = 0; i < slices.Length; i++)
        {
            WeightSlice slice = slices[i];
            Check(slice, i);
            Outputs = checked(Outputs + slice.Outputs);
            if (slice.Matrix.ElementType != ElementType)
            {
                ElementType = ElementType.F32;
            }
        }
    }

    /// <summary>Rows of all matrices together.</summary>
    public int Outputs { get; }

    /// <summary>Columns of each matrix.</summary>
    public int Inputs { get; }

    /// <summary>The common element type, or F32 where they differ.</summary>
    public ElementType ElementType { get; }

    /// <summary>A run of one row as elements of one type, which is F32 or that of the matrix.</summary>
    /// <param name="output">The row in the stack.</param>
    /// <param name="start">The first kept column.</param>
    /// <param name="length">Columns.</param>
    /// <param name="type">The element type wanted.</param>
    /// <param name="staging">Room for the elements; not used where they lie side by side in the matrix already.</param>
    public byte* Read(int output, int start, int length, ElementType type, byte* staging)
    {
        int index = 0;
        while (output >= _slices[index].Outputs)
        {
            output -= _slices[index++].Outputs;
        }

        WeightSlice slice = _slices[index];
        ElementType stored = slice.Matrix.ElementType;
        int size = stored.SizeInBytes();
        byte* run = slice.Matrix.RowPointer(slice.KeptRows is null ? output : slice.KeptRows[output]);
        if (slice.KeptColumns is null)
        {
            run += (long)start * size;
        }
        else
        {
            // At the end of the staging, so that widening from the front never overtakes what it has yet to read.
            byte* gathered = staging + ((long)length * (type.SizeInBytes() - size));
            Gather(run, slice.KeptColumns.AsSpan(start, length), size, gathered);
            run = gathered;
        }

        if (stored == type)
        {
            return run;
        }

        Widen((ushort*)run, length, stored, (float*)staging);
        return staging;
    }

    private static void Gather(byte* row, ReadOnlySpan<int> columns, int size, byte* target)
    {
        if (size == sizeof(uint))
        {
            for (int i = 0; i < columns.Length; i++)
            {
                ((uint*)target)[i] = Unsafe.ReadUnaligned<uint>(row + (4L * columns[i]));
            }
        }
        else
        {
            for (int i = 0; i < columns.Length; i++)
            {
                ((ushort*)target)[i] = Unsafe.ReadUnaligned<ushort>(row + (2L * columns[i]));
            }
        }
    }

    private static void Widen(ushort* source, int length, ElementType stored, float* floats)
    {
        int i = 0;
        for (; i + 8 <= length; i += 8)
        {
            Vector128<ushort> eight = Vector128.Load(source + i);
            Widen(Vector128.WidenLower(eight), stored).Store(floats + i); // after the load: source and target may share memory
            Widen(Vector128.WidenUpper(eight), stored).Store(floats + i + 4);
        }

        for (; i < length; i++)
        {
            floats[i] = Widen(Unsafe.ReadUnaligned<ushort>(source + i), stored);
        }
    }

    private static Vector128<float> Widen(Vector128<uint> bits, ElementType stored) =>
        stored == ElementType.BF16 ? (bits << 16).AsSingle() : HalfWidening.Widen(bits);

    private static float Widen(ushort bits, ElementType stored) =>
        stored == ElementType.BF16 ? BitConverter.UInt32BitsToSingle((uint)bits << 16) : (float)BitConverter.UInt16BitsToHalf(bits);

    private void Check(WeightSlice slice, int index)
    {
        string name = FormattableString.Invariant($"stacked[{index}]");
        if (slice.Inputs != Inputs)
        {
            throw new ShapeMismatchException(
                name, FormattableString.Invariant($"[{slice.Outputs}, {slice.Inputs}]"), FormattableString.Invariant($"[any, {Inputs}] as stacked[0]"));
        }

        if (slice.Matrix.Pointer is null && slice.Matrix.Count > 0)
        {
            throw new ArgumentException($"Tensor '{name}' ({slice.Matrix}): no memory, expected a pointer to its first byte.", nameof(slice));
        }

        CheckList(name, "row", slice.KeptRows, slice.Matrix.Rows);
        CheckList(name, "column", slice.KeptColumns, slice.Matrix.Columns);
    }

    private static void CheckList(string name, string what, int[]? kept, int limit)
    {
        foreach (int index in kept ?? [])
        {
            if ((uint)index >= (uint)limit)
            {
                throw new ArgumentOutOfRangeException(
                    nameof(kept), index, FormattableString.Invariant($"Tensor '{name}': kept {what} {index}, expected 0 to {limit - 1}."));
            }
        }
    }
}
