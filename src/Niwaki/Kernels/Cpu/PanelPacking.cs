using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Niwaki.Tensors;

namespace Niwaki.Kernels.Cpu;

/// <summary>Packs <see cref="PackedFormat.Stored"/> weights: each member takes panels and turns their rows into columns.</summary>
internal sealed unsafe class PanelPacking(StackedRows rows, PackedWeights packed) : ITeamJob
{
    /// <inheritdoc />
    public void Execute(ThreadTeam team, int member)
    {
        const int RowBytes = DepthBlocks.MaximumFloats * sizeof(float);
        byte* staging = stackalloc byte[(KernelPaths.MaximumPanelColumns + 1) * RowBytes]; // zeroed: the last row stays so
        byte** columns = stackalloc byte*[KernelPaths.MaximumPanelColumns];
        while (team.TryTake(member, packed.Panels, out int panel))
        {
            for (int block = 0; block < packed.Blocks.Count; block++)
            {
                int length = packed.Blocks.Length(block);
                for (int i = 0; i < packed.PanelColumns; i++)
                {
                    int output = (panel * packed.PanelColumns) + i;
                    columns[i] = output < packed.Outputs
                        ? rows.Read(output, packed.Blocks.Start(block), length, packed.ElementType, staging + (i * RowBytes))
                        : staging + (KernelPaths.MaximumPanelColumns * RowBytes);
                }

                if (packed.ElementType == ElementType.F32)
                {
                    Interleave(columns, packed.PanelColumns, length, (uint*)packed.Panel(block, panel));
                }
                else
                {
                    InterleavePairs(columns, packed.PanelColumns / 2, length, (uint*)packed.Panel(block, panel));
                }
            }
        }
    }

    /// <summary>target[k, i] = columns[i][k] for 32-bit words.</summary>
    /// <param name="columns">Addresses of the columns, of any alignment.</param>
    /// <param name="width">Columns, a multiple of 4.</param>
    /// <param name="length">Words of a column.</param>
    /// <param name="target">[length, width].</param>
    public static void Interleave(byte** columns, int width, int length, uint* target)
    {
        for (int i = 0; i < width; i += 4)
        {
            uint* c0 = (uint*)columns[i], c1 = (uint*)columns[i + 1], c2 = (uint*)columns[i + 2], c3 = (uint*)columns[i + 3];
            uint* to = target + i;
            int k = 0;
            for (; k + 4 <= length; k += 4)
            {
                Vector128<uint> r0 = Vector128.Load(c0 + k);
                Vector128<uint> r1 = Vector128.Load(c1 + k);
                Vector128<uint> r2 = Vector128.Load(c2 + k);
                Vector128<uint> r3 = Vector128.Load(c3 + k);
                StoreTransposed(r0, r1, r2, r3, to, width);
                to += 4 * width;
            }

            for (; k < length; k++)
            {
                for (int j = 0; j < 4; j++)
                {
                    to[j] = Unsafe.ReadUnaligned<uint>(columns[i + j] + (4L * k));
                }

                to += width;
            }
        }
    }

    /// <summary>target[k, i] = columns[i][k] | columns[i + half][k] &lt;&lt; 16 for 16-bit elements.</summary>
    private static void InterleavePairs(byte** columns, int half, int length, uint* target)
    {
        for (int i = 0; i < half; i += 4)
        {
            uint* to = target + i;
            int k = 0;
            for (; k + 8 <= length; k += 8)
            {
                LoadPairs(columns + i, half, k, out Vector128<uint> r0, out Vector128<uint> s0);
                LoadPairs(columns + i + 1, half, k, out Vector128<uint> r1, out Vector128<uint> s1);
                LoadPairs(columns + i + 2, half, k, out Vector128<uint> r2, out Vector128<uint> s2);
                LoadPairs(columns + i + 3, half, k, out Vector128<uint> r3, out Vector128<uint> s3);
                StoreTransposed(r0, r1, r2, r3, to, half);
                StoreTransposed(s0, s1, s2, s3, to + (4 * half), half);
                to += 8 * half;
            }

            for (; k < length; k++)
            {
                for (int j = 0; j < 4; j++)
                {
                    uint low = Unsafe.ReadUnaligned<ushort>(columns[i + j] + (2L * k));
                    uint high = Unsafe.ReadUnaligned<ushort>(columns[i + j + half] + (2L * k));
                    to[j] = low | (high << 16);
                }

                to += half;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void LoadPairs(byte** column, int half, int k, out Vector128<uint> first, out Vector128<uint> second)
    {
        Vector128<ushort> low = Vector128.Load((ushort*)column[0] + k);
        Vector128<ushort> high = Vector128.Load((ushort*)column[half] + k);
        first = Interleaving.LowPairs(low, high);
        second = Interleaving.HighPairs(low, high);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreTransposed(Vector128<uint> r0, Vector128<uint> r1, Vector128<uint> r2, Vector128<uint> r3, uint* to, int stride)
    {
        Interleaving.Transpose(ref r0, ref r1, ref r2, ref r3);
        r0.Store(to);
        r1.Store(to + stride);
        r2.Store(to + (2 * stride));
        r3.Store(to + (3 * stride));
    }
}
