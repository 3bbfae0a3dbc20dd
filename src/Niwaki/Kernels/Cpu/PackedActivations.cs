using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Niwaki.Kernels.Cpu;

/// <summary>
/// A batch of activations X[M,K] rearranged for the micro-kernel in scratch memory: per block of K, per tile of rows, the values of one k
/// side by side. The 32-bit words are floats, or pairs of 16-bit integers (then K counts pairs).
/// </summary>
internal readonly unsafe struct PackedActivations(uint* pointer, RowTiling tiling, DepthBlocks blocks)
{
    /// <summary>The tiles of rows.</summary>
    public RowTiling Tiling => tiling;

    /// <summary>The packed [depth of the block, rows of the tile] words of the tile that starts at a row.</summary>
    public uint* Tile(int block, int firstRow) =>
        pointer + ((long)tiling.Rows * blocks.Start(block)) + ((long)firstRow * blocks.Length(block));

    /// <summary>Packs one tile of rows through all blocks of K.</summary>
    public void PackTile(int tile, float* x, long rowStride)
    {
        int first = tiling.Start(tile);
        int rows = tiling.Start(tile + 1) - first;
        for (int block = 0; block < blocks.Count; block++)
        {
            uint* source = (uint*)(x + (first * rowStride) + blocks.Start(block));
            Pack(source, rowStride, rows, blocks.Length(block), Tile(block, first));
        }
    }

    /// <summary>Packs some tiles of rows of X through all blocks of K, where X is stored transposed: every step of K is a row of memory.</summary>
    /// <remarks>Tiles side by side, because steps lie far apart: of each a run of whole cache lines is read at a time.</remarks>
    public void PackTilesOfTransposed(int firstTile, int endTile, float* x, long stepStride)
    {
        for (int block = 0; block < blocks.Count; block++)
        {
            int steps = blocks.Length(block);
            uint* step = (uint*)(x + (blocks.Start(block) * stepStride));
            for (int k = 0; k < steps; k++, step += stepStride)
            {
                int first = tiling.Start(firstTile);
                for (int tile = firstTile; tile < endTile; tile++)
                {
                    int next = tiling.Start(tile + 1);
                    int rows = next - first;
                    CopyStep(step + first, rows, Tile(block, first) + ((long)k * rows));
                    first = next;
                }
            }
        }
    }

    /// <summary>packed[k, row] = x[row, k] for up to six rows.</summary>
    public static void Pack(uint* x, long rowStride, int rows, int depth, uint* packed)
    {
        int k = 0;
        if (rows >= 4)
        {
            for (; k + 4 <= depth; k += 4)
            {
                PackFourSteps(x + k, rowStride, rows, packed + ((long)k * rows));
            }
        }

        for (; k < depth; k++)
        {
            for (int row = 0; row < rows; row++)
            {
                packed[((long)k * rows) + row] = x[(row * rowStride) + k];
            }
        }
    }

    /// <summary>Six words as four and two: exactly what is there, no byte more.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void CopyStep(uint* source, int rows, uint* target)
    {
        if (rows == 6)
        {
            Vector128.Load(source).Store(target);
            Vector64.Load(source + 4).Store(target + 4);
            return;
        }

        for (int row = 0; row < rows; row++)
        {
            target[row] = source[row];
        }
    }

    /// <summary>Four rows by transposition, a fifth and sixth by interleaving.</summary>
    private static void PackFourSteps(uint* x, long rowStride, int rows, uint* packed)
    {
        Vector128<uint> r0 = Vector128.Load(x);
        Vector128<uint> r1 = Vector128.Load(x + rowStride);
        Vector128<uint> r2 = Vector128.Load(x + (2 * rowStride));
        Vector128<uint> r3 = Vector128.Load(x + (3 * rowStride));
        Interleaving.Transpose(ref r0, ref r1, ref r2, ref r3);
        r0.Store(packed);
        r1.Store(packed + rows);
        r2.Store(packed + (2 * rows));
        r3.Store(packed + (3 * rows));
        uint* r4 = x + (4 * rowStride);
        if (rows == 5)
        {
            packed[4] = r4[0];
            packed[9] = r4[1];
            packed[14] = r4[2];
            packed[19] = r4[3];
        }
        else if (rows == 6)
        {
            Vector128<uint> fifth = Vector128.Load(r4);
            Vector128<uint> sixth = Vector128.Load(r4 + rowStride);
            Interleaving.Low(fifth, sixth).GetLower().Store(packed + 4);
            Interleaving.Low(fifth, sixth).GetUpper().Store(packed + 10);
            Interleaving.High(fifth, sixth).GetLower().Store(packed + 16);
            Interleaving.High(fifth, sixth).GetUpper().Store(packed + 22);
        }
    }
}
