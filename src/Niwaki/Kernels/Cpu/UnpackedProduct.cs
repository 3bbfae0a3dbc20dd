using System.Runtime.Intrinsics;
using Niwaki.Tensors;

namespace Niwaki.Kernels.Cpu;

/// <summary>A product of two matrices that come as they lie in memory: both are packed for it, each value once.</summary>
/// <remarks>
/// A side that is stored transposed is packed by copying runs: the gradients dX = dY·W and dW = dYᵀ·X transpose nothing. The sums are those of
/// <see cref="FloatProduct"/>, bit for bit.
/// </remarks>
internal sealed unsafe class UnpackedProduct : PanelProduct
{
    private const int TransposedTiles = 16; // 96 columns, six cache lines of every step

    private readonly MatrixOperand _left;
    private readonly MatrixOperand _right;
    private readonly PackedActivations _activations;

    private UnpackedProduct(
        ThreadTeam team, MatrixOperand left, MatrixOperand right, TensorView<float> y, float* bias, bool accumulate, PackedWeights weights, float* scratch)
        : base(team, weights, y, bias, accumulate, rowBytes: (long)sizeof(float) * weights.Blocks.Size, reduction: null)
    {
        _left = left;
        _right = right;
        _activations = new PackedActivations((uint*)scratch, Tiling, weights.Blocks);
    }

    /// <inheritdoc />
    protected override int TilesPackedTogether => _left.Transposed ? TransposedTiles : 1;

    /// <inheritdoc />
    protected override int PanelsToPack => Weights.Panels;

    /// <summary>Runs Y (+)= left · rightᵀ (+ bias) in the scratch memory of the team, for at least one row, one column and one step.</summary>
    public static void Run(ThreadTeam team, MatrixOperand left, MatrixOperand right, TensorView<float> y, float* bias, bool accumulate)
    {
        KernelPath path = KernelPaths.Best;
        long panelFloats = PackedWeights.BorrowedFloats(right.Extent, right.Depth, path);
        float* scratch = (float*)team.Scratch(sizeof(float) * (panelFloats + ((long)left.Extent * left.Depth)));
        using PackedWeights weights = PackedWeights.Borrow(right.Extent, right.Depth, path, scratch);
        team.Run(new UnpackedProduct(team, left, right, y, bias, accumulate, weights, scratch + panelFloats));
    }

    /// <inheritdoc />
    protected override void PackTile(int tile) => _activations.PackTile(tile, _left.Memory.Pointer, _left.Memory.RowStride);

    /// <inheritdoc />
    protected override void PackTiles(int first, int end)
    {
        if (_left.Transposed)
        {
            _activations.PackTilesOfTransposed(first, end, _left.Memory.Pointer, _left.Memory.RowStride);
        }
        else
        {
            base.PackTiles(first, end);
        }
    }

    /// <inheritdoc />
    protected override void PackPanel(int panel)
    {
        int column = panel * Weights.PanelColumns;
        int columns = Math.Min(Weights.PanelColumns, Weights.Outputs - column);
        for (int block = 0; block < Weights.Blocks.Count; block++)
        {
            float* target = (float*)Weights.Panel(block, panel);
            int first = Weights.Blocks.Start(block);
            int steps = Weights.Blocks.Length(block);
            if (_right.Transposed)
            {
                CopySteps(_right.Memory.RowPointer(first) + column, _right.Memory.RowStride, steps, columns, target, Weights.PanelColumns);
            }
            else
            {
                TransposeRows(_right.Memory.RowPointer(column) + first, _right.Memory.RowStride, steps, columns, target, Weights.PanelColumns);
            }
        }
    }

    /// <inheritdoc />
    protected override byte* OpenPanel(int member, int block, int panel) => Weights.Panel(block, panel);

    /// <inheritdoc />
    protected override void RunTile(int block, int panel, byte* weights, int firstRow, int rows, float* c, nint cStride, bool accumulate)
    {
        float* a = (float*)_activations.Tile(block, firstRow);
        MicroKernel.Get(Weights.Path, rows, ElementType.F32)(Weights.Blocks.Length(block), a, weights, c, cStride, accumulate);
    }

    /// <summary>target[k, i] = source[k, i], the columns that do not exist as 0.</summary>
    private static void CopySteps(float* source, long stride, int steps, int columns, float* target, int width)
    {
        for (int k = 0; k < steps; k++, source += stride, target += width)
        {
            if (columns == 32)
            {
                Vector512.Load(source).Store(target);
                Vector512.Load(source + 16).Store(target + 16);
                continue;
            }

            new ReadOnlySpan<float>(source, columns).CopyTo(new Span<float>(target, columns));
            new Span<float>(target + columns, width - columns).Clear();
        }
    }

    /// <summary>target[k, i] = source[i, k], the columns that do not exist as 0.</summary>
    private static void TransposeRows(float* source, long stride, int steps, int columns, float* target, int width)
    {
        if (columns < width)
        {
            new Span<float>(target, steps * width).Clear();
        }

        Transposition.Copy(source, stride, columns, steps, target, width);
    }
}
