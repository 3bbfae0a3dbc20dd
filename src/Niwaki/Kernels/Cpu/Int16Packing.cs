using Niwaki.Tensors;

namespace Niwaki.Kernels.Cpu;

/// <summary>Packs <see cref="PackedFormat.Int16"/> weights: each member takes panels and rounds their rows group by group.</summary>
internal sealed unsafe class Int16Packing(StackedRows rows, PackedWeights packed) : ITeamJob
{
    /// <inheritdoc />
    public void Execute(ThreadTeam team, int member)
    {
        float* floats = stackalloc float[Int16Kernel.MaximumDepth];
        short* integers = stackalloc short[Int16Kernel.Columns * Int16Kernel.MaximumDepth];
        byte** columns = stackalloc byte*[Int16Kernel.Columns];
        for (int i = 0; i < Int16Kernel.Columns; i++)
        {
            columns[i] = (byte*)(integers + (i * Int16Kernel.MaximumDepth));
        }

        while (team.TryTake(member, packed.Panels, out int panel))
        {
            for (int block = 0; block < packed.Blocks.Count; block++)
            {
                for (int i = 0; i < Int16Kernel.Columns; i++)
                {
                    Read((panel * Int16Kernel.Columns) + i, block, floats);
                    Quantise(floats, packed.Blocks.Length(block), (short*)columns[i], packed.Scales(block, panel) + i);
                }

                int words = packed.Blocks.Length(block) / 2;
                PanelPacking.Interleave(columns, Int16Kernel.Columns, words, (uint*)packed.Panel(block, panel));
            }
        }
    }

    /// <summary>One block of an output as floats, zeros after its end and beyond the last output.</summary>
    private void Read(int output, int block, float* floats)
    {
        var target = new Span<float>(floats, Int16Kernel.MaximumDepth);
        target.Clear();
        int start = packed.Blocks.Start(block);
        int length = Math.Min(packed.Blocks.Length(block), packed.Inputs - start);
        if (output < packed.Outputs && length > 0)
        {
            byte* run = rows.Read(output, start, length, ElementType.F32, (byte*)floats);
            if (run != floats)
            {
                new ReadOnlySpan<byte>(run, length * sizeof(float)).CopyTo(new Span<byte>(floats, length * sizeof(float)));
            }
        }
    }

    private static void Quantise(float* floats, int length, short* integers, float* scales)
    {
        for (int k = 0; k < length; k += Int16Kernel.Group)
        {
            *scales = Int16Quantisation.QuantiseGroup(floats + k, Int16Kernel.WeightLimit, integers + k);
            scales += Int16Kernel.Columns;
        }
    }
}
