using static Niwaki.Kernels.Cpu.RowCount;

namespace Niwaki.Kernels.Cpu;

internal static unsafe partial class MicroKernel
{
    /// <summary>The reference of the vector tile: the same chain of fused multiply-adds for every element, hence the same bits.</summary>
    private static void ScalarTile<TFormat, TRows>(nint depth, float* a, byte* b, float* c, nint cStride, bool accumulate)
        where TFormat : struct, PanelFormat.IPanelFormat
        where TRows : struct, IRowCount
    {
        const int Width = 16;
        for (int row = 0; row < TRows.Value; row++)
        {
            for (int column = 0; column < Width; column++)
            {
                float sum = 0;
                for (nint k = 0; k < depth; k++)
                {
                    float weight = TFormat.At(b + (k * Width * TFormat.ElementBytes), Width, column);
                    sum = MathF.FusedMultiplyAdd(a[(k * TRows.Value) + row], weight, sum);
                }

                float* y = c + (row * cStride) + column;
                *y = accumulate ? *y + sum : sum;
            }
        }
    }

    private static delegate*<nint, float*, byte*, float*, nint, bool, void> GetScalar<TFormat>(int rows)
        where TFormat : struct, PanelFormat.IPanelFormat => rows switch
        {
            6 => &ScalarTile<TFormat, Six>,
            5 => &ScalarTile<TFormat, Five>,
            4 => &ScalarTile<TFormat, Four>,
            3 => &ScalarTile<TFormat, Three>,
            2 => &ScalarTile<TFormat, Two>,
            _ => &ScalarTile<TFormat, One>,
        };
}
