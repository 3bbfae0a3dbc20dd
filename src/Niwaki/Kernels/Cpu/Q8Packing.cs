using System.Runtime.CompilerServices;
using Niwaki.Tensors;

namespace Niwaki.Kernels.Cpu;

/// <summary>Packs weights of <see cref="ElementType.Q8_0"/> as they are stored: each member takes panels and turns the blocks of their rows into groups.</summary>
internal sealed unsafe class Q8Packing(StackedRows rows, PackedWeights packed) : ITeamJob
{
    /// <inheritdoc />
    public void Execute(ThreadTeam team, int member)
    {
        const int RowBytes = DepthBlocks.MaximumFloats / ElementTypes.Q8BlockLength * ElementTypes.Q8BlockBytes;
        byte* staging = stackalloc byte[(KernelPaths.MaximumPanelColumns + 1) * RowBytes]; // zeroed: the last row stays so
        byte** columns = stackalloc byte*[KernelPaths.MaximumPanelColumns];
        int width = packed.PanelColumns;
        while (team.TryTake(member, packed.Panels, out int panel))
        {
            for (int block = 0; block < packed.Blocks.Count; block++)
            {
                int length = packed.Blocks.Length(block);
                for (int i = 0; i < width; i++)
                {
                    int output = (panel * width) + i;
                    columns[i] = output < packed.Outputs
                        ? rows.Read(output, packed.Blocks.Start(block), length, ElementType.Q8_0, staging + (i * RowBytes))
                        : staging + (KernelPaths.MaximumPanelColumns * RowBytes);
                }

                byte* target = packed.Panel(block, panel);
                for (int group = 0; group < length / Q8Panel.Group; group++)
                {
                    PackGroup(columns, width, (long)group * ElementTypes.Q8BlockBytes, target + (group * Q8Panel.GroupBytes(width)));
                }
            }
        }
    }

    private static void PackGroup(byte** columns, int width, long offset, byte* group)
    {
        ushort* scales = (ushort*)group;
        int half = width / 2;
        for (int i = 0; i < half; i++)
        {
            scales[2 * i] = Unsafe.ReadUnaligned<ushort>(columns[i] + offset);
            scales[(2 * i) + 1] = Unsafe.ReadUnaligned<ushort>(columns[i + half] + offset);
        }

        byte* weights = group + Q8Panel.ScaleBytes(width);
        offset += sizeof(ushort);
        for (int i = 0; i < width; i += 4)
        {
            for (int k = 0; k < Q8Panel.Group; k += 4)
            {
                Transpose(columns + i, offset + k, weights + (k * width) + i, width);
            }
        }
    }

    /// <summary>Four bytes of four columns: target[k, i] = columns[i][k].</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Transpose(byte** columns, long offset, byte* target, int width)
    {
        uint c0 = Unsafe.ReadUnaligned<uint>(columns[0] + offset);
        uint c1 = Unsafe.ReadUnaligned<uint>(columns[1] + offset);
        uint c2 = Unsafe.ReadUnaligned<uint>(columns[2] + offset);
        uint c3 = Unsafe.ReadUnaligned<uint>(columns[3] + offset);
        uint even01 = (c0 & 0x00FF00FF) | ((c1 & 0x00FF00FF) << 8); // k 0 and 2 of the first two columns
        uint odd01 = ((c0 >> 8) & 0x00FF00FF) | (c1 & 0xFF00FF00);
        uint even23 = (c2 & 0x00FF00FF) | ((c3 & 0x00FF00FF) << 8);
        uint odd23 = ((c2 >> 8) & 0x00FF00FF) | (c3 & 0xFF00FF00);
        Unsafe.WriteUnaligned(target, (even01 & 0xFFFF) | (even23 << 16));
        Unsafe.WriteUnaligned(target + width, (odd01 & 0xFFFF) | (odd23 << 16));
        Unsafe.WriteUnaligned(target + (2 * width), (even01 >> 16) | (even23 & 0xFFFF0000));
        Unsafe.WriteUnaligned(target + (3 * width), (odd01 >> 16) | (odd23 & 0xFFFF0000));
    }
}
