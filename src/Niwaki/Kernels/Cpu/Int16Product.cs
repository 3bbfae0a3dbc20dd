using Niwaki.Tensors;

namespace Niwaki.Kernels.Cpu;

/// <summary>A product with <see cref="PackedFormat.Int16"/> weights: activations are rounded to integers while they are packed.</summary>
internal sealed unsafe class Int16Product : PanelProduct
{
    private readonly TensorView<float> _x;
    private readonly float* _scales;
    private readonly uint* _pairs;

    /// <summary>Sets up a product with at least one row and one output, in the scratch memory of the team.</summary>
    public Int16Product(
        ThreadTeam team, TensorView<float> x, PackedWeights weights, TensorView<float> y, float* bias, bool accumulate, LossReduction? reduction = null)
        : base(team, weights, y, bias, accumulate, rowBytes: (long)sizeof(short) * weights.Blocks.Size, reduction)
    {
        _x = x;
        byte* scratch = team.Scratch(x.Rows * RowScratchBytes(weights));
        _pairs = (uint*)scratch;
        _scales = (float*)(scratch + (x.Rows * (long)sizeof(short) * weights.Blocks.Depth));
    }

    /// <summary>Bytes of scratch memory that one row takes.</summary>
    public static long RowScratchBytes(PackedWeights weights) =>
        ((long)sizeof(short) * weights.Blocks.Depth) + (sizeof(float) * (weights.Blocks.Depth / Int16Kernel.Group));

    /// <inheritdoc />
    protected override void PackTile(int tile)
    {
        const int Group = Int16Kernel.Group;
        short* integers = stackalloc short[MicroKernel.MaximumRows * Group];
        float* padded = stackalloc float[Group];
        int first = Tiling.Start(tile);
        int rows = Tiling.Start(tile + 1) - first;
        DepthBlocks blocks = Weights.Blocks;
        for (int block = 0; block < blocks.Count; block++)
        {
            uint* pairs = Pairs(block, first);
            float* scales = Scales(block, first);
            for (int k = blocks.Start(block); k < blocks.Start(block) + blocks.Length(block); k += Group)
            {
                for (int row = 0; row < rows; row++)
                {
                    float* x = _x.RowPointer(first + row) + k;
                    if (_x.Columns - k < Group)
                    {
                        var target = new Span<float>(padded, Group);
                        target.Clear();
                        new ReadOnlySpan<float>(x, _x.Columns - k).CopyTo(target);
                        x = padded;
                    }

                    scales[row] = Int16Quantisation.QuantiseGroup(x, Int16Kernel.ActivationLimit, integers + (row * Group));
                }

                PackedActivations.Pack((uint*)integers, Group / 2, rows, Group / 2, pairs);
                pairs += rows * Group / 2;
                scales += rows;
            }
        }
    }

    /// <inheritdoc />
    protected override byte* OpenPanel(int member, int block, int panel) => Weights.Panel(block, panel);

    /// <inheritdoc />
    protected override void RunTile(int block, int panel, byte* weights, int firstRow, int rows, float* c, nint cStride, bool accumulate)
    {
        int groups = Weights.Blocks.Length(block) / Int16Kernel.Group;
        Int16Kernel.Get(Weights.Path, rows)(
            groups, Pairs(block, firstRow), Scales(block, firstRow), weights, Weights.Scales(block, panel), c, cStride, accumulate);
    }

    /// <summary>The [groups][pairs][rows of the tile] words of a tile in a block.</summary>
    private uint* Pairs(int block, int firstRow) => _pairs + (Offset(block, firstRow) / 2);

    /// <summary>The [groups][rows of the tile] scales of a tile in a block.</summary>
    private float* Scales(int block, int firstRow) => _scales + (Offset(block, firstRow) / Int16Kernel.Group);

    private long Offset(int block, int firstRow) =>
        ((long)_x.Rows * Weights.Blocks.Start(block)) + ((long)firstRow * Weights.Blocks.Length(block));
}
