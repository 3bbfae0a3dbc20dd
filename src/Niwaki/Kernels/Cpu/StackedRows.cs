using System.Runtime.CompilerServices;
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
        ElementType = WeightSlice.CommonType(slices);
        for (int i = 0; i < slices.Length; i++)
        {
            Check(slices[i], i);
            Outputs = checked(Outputs + slices[i].Outputs);
        }
    }

    /// <summary>Rows of all matrices together.</summary>
    public int Outputs { get; }

    /// <summary>Columns of each matrix.</summary>
    public int Inputs { get; }

    /// <summary>See <see cref="WeightSlice.CommonType"/>.</summary>
    public ElementType ElementType { get; }

    /// <summary>A run of one row as elements of one type, which is F32 or <see cref="ElementType"/>.</summary>
    /// <param name="output">The row in the stack.</param>
    /// <param name="start">The first kept column; of <see cref="ElementType.Q8_0"/> the start of a block.</param>
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
        byte* row = slice.Matrix.RowPointer(slice.KeptRows is null ? output : slice.KeptRows[output]);
        return slice.Matrix.ElementType == ElementType.Q8_0
            ? ReadQ8(row, slice.KeptColumns, start, length, type, staging)
            : ReadPlain(row, slice, start, length, type, staging);
    }

    private static byte* ReadPlain(byte* row, WeightSlice slice, int start, int length, ElementType type, byte* staging)
    {
        ElementType stored = slice.Matrix.ElementType;
        int size = stored.SizeInBytes();
        byte* run = row + ((long)start * size);
        if (slice.KeptColumns is not null)
        {
            // At the end of the staging, so that widening from the front never overtakes what it has yet to read.
            run = staging + ((long)length * (type.SizeInBytes() - size));
            Gather(row, slice.KeptColumns.AsSpan(start, length), size, run);
        }

        if (stored == type)
        {
            return run;
        }

        RowWidening.Widen(run, stored, (float*)staging, length);
        return staging;
    }

    private static byte* ReadQ8(byte* row, int[]? keptColumns, int start, int length, ElementType type, byte* staging)
    {
        if (type == ElementType.Q8_0)
        {
            if (keptColumns is null)
            {
                return row + ElementType.Q8_0.RowBytes(start);
            }

            for (int i = 0; i < length; i += ElementTypes.Q8BlockLength)
            {
                const int Bytes = ElementTypes.Q8BlockBytes;
                byte* block = row + ElementType.Q8_0.RowBytes(keptColumns[start + i]);
                new ReadOnlySpan<byte>(block, Bytes).CopyTo(new Span<byte>(staging + ElementType.Q8_0.RowBytes(i), Bytes));
            }

            return staging;
        }

        float* floats = (float*)staging;
        if (keptColumns is null && start % ElementTypes.Q8BlockLength == 0 && length % ElementTypes.Q8BlockLength == 0)
        {
            RowWidening.Widen(row + ElementType.Q8_0.RowBytes(start), ElementType.Q8_0, floats, length);
            return staging;
        }

        for (int i = 0; i < length; i++)
        {
            floats[i] = RowWidening.Q8At(row, keptColumns is null ? start + i : keptColumns[start + i]);
        }

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
