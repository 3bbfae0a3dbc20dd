using Niwaki.Kernels.Cpu;
using Niwaki.Tensors;

namespace Niwaki.Kernels;

/// <summary>The weights of a linear, or of several stacked ones, in the order in which <see cref="MatMul"/> reads them.</summary>
/// <remarks>
/// Per block of inputs, per panel of 16 or 32 outputs (<see cref="CpuFeatures.VectorPath"/>), the weights of one input side by side. Outputs
/// are padded with zeros to whole panels. Nothing is rounded except by <see cref="PackedFormat.Int16"/>. Read by any number of threads.
/// </remarks>
public sealed unsafe class PackedWeights : IDisposable
{
    private readonly NativeBuffer<byte>? _data;
    private readonly NativeBuffer<float>? _scales;
    private readonly PackedMemory? _lender; // kept alive: its finalizer would take the memory away
    private byte* _borrowed;

    /// <summary>A shape without memory.</summary>
    private PackedWeights(int outputs, int inputs, ElementType elementType, PackedFormat format, KernelPath path)
    {
        Outputs = outputs;
        Inputs = inputs;
        ElementType = elementType;
        Format = format;
        Path = path;
        if (format == PackedFormat.Int16)
        {
            PanelColumns = Int16Kernel.Columns;
            StepBytes = Int16Kernel.Columns * sizeof(short);
            int padded = checked((int)(((long)inputs + Int16Kernel.Group - 1) / Int16Kernel.Group * Int16Kernel.Group));
            Blocks = new DepthBlocks(padded, Int16Kernel.MaximumDepth, Int16Kernel.Group);
        }
        else
        {
            PanelColumns = path.PanelColumns();
            StepBytes = elementType == ElementType.Q8_0 ? Q8Panel.BytesPerStep(PanelColumns) : PanelColumns * elementType.SizeInBytes();
            Blocks = new DepthBlocks(inputs);
        }

        Panels = PanelCount(outputs, PanelColumns);
    }

    /// <summary>A shape with memory of its own, or from <paramref name="memory"/> where that has enough left.</summary>
    private PackedWeights(StackedRows rows, PackedFormat format, KernelPath path, PackedMemory? memory)
        : this(rows.Outputs, rows.Inputs, rows.ElementType, format, path)
    {
        _borrowed = memory is null ? null : memory.Take(PanelBytes);
        _lender = _borrowed is null ? null : memory;
        _data = _borrowed is null ? new NativeBuffer<byte>(PanelBytes) : null;
        if (format == PackedFormat.Int16)
        {
            _scales = new NativeBuffer<float>((long)Panels * Blocks.Depth / Int16Kernel.Group * PanelColumns);
        }
    }

    /// <summary>The shape of F32 panels in memory of somebody else, who fills them.</summary>
    private PackedWeights(int outputs, int inputs, KernelPath path, byte* borrowed)
        : this(outputs, inputs, ElementType.F32, PackedFormat.Stored, path)
    {
        _borrowed = borrowed;
    }

    /// <summary>Rows of all stacked matrices together, N.</summary>
    public int Outputs { get; }

    /// <summary>Columns of each stacked matrix, K.</summary>
    public int Inputs { get; }

    /// <summary>Bytes of the packed weights, which may lie in memory that those of other linears share.</summary>
    public long ByteLength => PanelBytes + (_scales?.ByteLength ?? 0);

    /// <summary>The <see cref="WeightSlice.PackedType"/> that all matrices had; F32 where they differed.</summary>
    public ElementType ElementType { get; }

    /// <summary>How the weights are stored.</summary>
    public PackedFormat Format { get; }

    internal KernelPath Path { get; }

    internal int PanelColumns { get; }

    internal int Panels { get; }

    /// <summary>Bytes of one step of k in a panel, scales among them counted in.</summary>
    internal int StepBytes { get; }

    /// <summary>Blocks of inputs; for <see cref="PackedFormat.Int16"/> of inputs padded to whole groups.</summary>
    internal DepthBlocks Blocks { get; }

    /// <summary>Packs matrices stacked by rows (query, key and value; gate and up) for one product.</summary>
    /// <remarks>Runs on the team. Needs no memory beside the packed weights. Matrices of different element types are all stored as F32.</remarks>
    /// <param name="team">The threads.</param>
    /// <param name="stacked">At least one matrix [outputs, inputs]; all with the same number of kept inputs; not kept.</param>
    /// <param name="format">How to store them.</param>
    /// <exception cref="ArgumentException">No matrix is given, or a matrix has elements but no memory.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A kept row or column is not in its matrix, or the format is unknown.</exception>
    /// <exception cref="ShapeMismatchException">The matrices have different numbers of kept inputs.</exception>
    /// <exception cref="OverflowException">There are more than 2^31 - 1 outputs.</exception>
    /// <exception cref="OutOfMemoryException">The system refuses the memory.</exception>
    public static PackedWeights Pack(ThreadTeam team, ReadOnlySpan<WeightSlice> stacked, PackedFormat format = PackedFormat.Stored) =>
        Pack(team, stacked, format, KernelPaths.Best);

    internal static PackedWeights Pack(ThreadTeam team, ReadOnlySpan<WeightSlice> stacked, PackedFormat format, PackedMemory? memory) =>
        Pack(team, stacked, format, KernelPaths.Best, memory);

    internal static PackedWeights Pack(
        ThreadTeam team, ReadOnlySpan<WeightSlice> stacked, PackedFormat format, KernelPath path, PackedMemory? memory = null)
    {
        ArgumentNullException.ThrowIfNull(team);
        if (format is not (PackedFormat.Stored or PackedFormat.Int16))
        {
            throw new ArgumentOutOfRangeException(nameof(format), format, "Packed format is none of Stored, Int16.");
        }

        var rows = new StackedRows(stacked.ToArray());
        var packed = new PackedWeights(rows, format, path, memory);
        try
        {
            team.Run(Packing(rows, packed));
            return packed;
        }
        catch
        {
            packed.Dispose();
            throw;
        }
    }

    /// <summary>Panels of floats in borrowed memory, to be filled by the caller.</summary>
    /// <param name="outputs">N.</param>
    /// <param name="inputs">K.</param>
    /// <param name="path">The path; fixes the width of a panel.</param>
    /// <param name="memory"><see cref="BorrowedFloats"/> floats, aligned to 64 bytes.</param>
    internal static PackedWeights Borrow(int outputs, int inputs, KernelPath path, float* memory) => new(outputs, inputs, path, (byte*)memory);

    /// <summary>Floats of memory that <see cref="Borrow"/> needs.</summary>
    internal static long BorrowedFloats(int outputs, int inputs, KernelPath path) => (long)PanelCount(outputs, path.PanelColumns()) * path.PanelColumns() * inputs;

    /// <summary>Bytes of the panels of a linear, scales of <see cref="PackedFormat.Int16"/> left out.</summary>
    internal static long DataBytes(int outputs, int inputs, ElementType type, PackedFormat format, KernelPath path) =>
        new PackedWeights(outputs, inputs, type, format, path).PanelBytes;

    /// <inheritdoc />
    public void Dispose()
    {
        _borrowed = null;
        _data?.Dispose();
        _scales?.Dispose();
    }

    /// <summary>The packed [depth of the block, panel columns] weights of one panel in one block of inputs.</summary>
    internal byte* Panel(int block, int panel) =>
        Start + ((((long)Blocks.Start(block) * Panels) + ((long)panel * Blocks.Length(block))) * StepBytes);

    /// <summary>The [groups of the block, panel columns] scales of one panel; for <see cref="PackedFormat.Int16"/>.</summary>
    internal float* Scales(int block, int panel) =>
        _scales!.Pointer
        + ((((long)Blocks.Start(block) * Panels) + ((long)panel * Blocks.Length(block))) / Int16Kernel.Group * PanelColumns);

    /// <exception cref="ObjectDisposedException">The weights were disposed of, or the memory that they share with others.</exception>
    internal void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(Start is null || _lender is { IsDisposed: true }, this);

    private long PanelBytes => checked((long)Panels * Blocks.Depth * StepBytes);

    private byte* Start => _data is null ? _borrowed : _data.Pointer;

    private static ITeamJob Packing(StackedRows rows, PackedWeights packed) => packed switch
    {
        { Format: PackedFormat.Int16 } => new Int16Packing(rows, packed),
        { ElementType: ElementType.Q8_0 } => new Q8Packing(rows, packed),
        _ => new PanelPacking(rows, packed),
    };

    private static int PanelCount(int outputs, int panelColumns) => (int)(((long)outputs + panelColumns - 1) / panelColumns);
}
