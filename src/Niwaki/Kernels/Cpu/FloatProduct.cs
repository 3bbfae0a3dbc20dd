using Niwaki.Tensors;

namespace Niwaki.Kernels.Cpu;

/// <summary>A product with <see cref="PackedFormat.Stored"/> weights.</summary>
/// <remarks>
/// Weights of 16 and 8 bits are widened in registers where a panel block meets one or two tiles (few rows: the weights are streamed once), and into a
/// scratch of floats where it meets more: the instructions that widen a step would cost a tenth of the rate there.
/// </remarks>
internal sealed unsafe class FloatProduct : PanelProduct
{
    private const int PanelScratchFloats = DepthBlocks.MaximumFloats * KernelPaths.MaximumPanelColumns;

    private readonly TensorView<float> _x;
    private readonly PackedActivations _activations;
    private readonly bool _widens;
    private readonly bool _isPacked;
    private readonly bool _streams;
    private readonly float* _panelScratch;

    /// <summary>Sets up a product with at least one row and one output, in the scratch memory of the team.</summary>
    public FloatProduct(
        ThreadTeam team, TensorView<float> x, PackedWeights weights, TensorView<float> y, float* bias, bool accumulate, LossReduction? reduction = null)
        : base(team, weights, y, bias, accumulate, rowBytes: (long)sizeof(float) * weights.Blocks.Size, reduction)
    {
        _x = x;
        _widens = Tiling.Count >= TilesWorthWidening(weights.ElementType);
        long panelFloats = _widens ? (long)team.Size * PanelScratchFloats : 0;
        _panelScratch = (float*)team.Scratch(sizeof(float) * (panelFloats + ((long)x.Rows * x.Columns)));
        _activations = new PackedActivations((uint*)_panelScratch + panelFloats, Tiling, weights.Blocks);
        _isPacked = FewRows.AreFew(x.Rows);
        _streams = _isPacked && !_widens && FewRows.HasKernel(weights);
        if (_isPacked)
        {
            PackTiles(0, Tiling.Count);
        }
    }

    /// <inheritdoc />
    protected override bool IsPacked => _isPacked;

    /// <summary>Bytes of scratch memory that one row takes.</summary>
    public static long RowScratchBytes(PackedWeights weights) => (long)sizeof(float) * weights.Inputs;

    /// <summary>The fewest tiles for which a panel is widened in scratch; Q8_0 takes six instructions a step in registers, the others two.</summary>
    private static int TilesWorthWidening(ElementType type) => type switch
    {
        ElementType.F32 => int.MaxValue,
        ElementType.Q8_0 => 2,
        _ => 3,
    };

    /// <inheritdoc />
    protected override void PackTile(int tile) => _activations.PackTile(tile, _x.Pointer, _x.RowStride);

    /// <inheritdoc />
    protected override byte* OpenPanel(int member, int block, int panel)
    {
        byte* stored = Weights.Panel(block, panel);
        if (!_widens)
        {
            return stored;
        }

        float* floats = _panelScratch + ((long)member * PanelScratchFloats);
        PanelWidening.Get(Weights.Path, Weights.ElementType)(Weights.Blocks.Length(block), stored, floats);
        return (byte*)floats;
    }

    /// <inheritdoc />
    protected override void RunTile(int block, int panel, byte* weights, int firstRow, int rows, float* c, nint cStride, bool accumulate)
    {
        ElementType type = _widens ? ElementType.F32 : Weights.ElementType;
        float* a = (float*)_activations.Tile(block, firstRow);
        if (_streams && firstRow == 0)
        {
            // The first tile brings the panel into the cache, where the others find it.
            FewRows.Get(Weights.Path, rows, type)(Weights.Blocks.Length(block), a, weights, c, cStride, accumulate);
            return;
        }

        MicroKernel.Get(Weights.Path, rows, type)(Weights.Blocks.Length(block), a, weights, c, cStride, accumulate);
    }
}
