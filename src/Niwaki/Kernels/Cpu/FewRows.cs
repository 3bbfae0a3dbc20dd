using Niwaki.Tensors;

namespace Niwaki.Kernels.Cpu;

/// <summary>
/// What products of few rows (a step of generation) do otherwise: they read every weight for a handful of multiply-adds, so that memory is the limit, and
/// are so short that waiting for each other would show.
/// </summary>
internal static unsafe class FewRows
{
    /// <summary>Rows up to which one thread packs the activations by itself: some ten thousand floats, less than a barrier costs on a busy machine.</summary>
    private const int Maximum = 32;

    /// <summary>Weights of a piece that lie side by side, in one block of K: long enough for the processor to foresee the stream, short enough to even out disturbed cores.</summary>
    private const long RunBytes = 192 << 10;

    private const int PiecesPerMember = 8;

    /// <summary>Whether rows are few.</summary>
    public static bool AreFew(int rows) => rows <= Maximum;

    /// <summary>Whether there is a kernel that asks for weights ahead of their use: plain panels on a vector path.</summary>
    public static bool HasKernel(PackedWeights weights) => weights.ElementType != ElementType.Q8_0 && weights.Path != KernelPath.Scalar;

    /// <summary>The kernel of <see cref="HasKernel"/> weights: the bits of <see cref="MicroKernel"/>.</summary>
    public static delegate*<nint, float*, byte*, float*, nint, bool, void> Get(KernelPath path, int rows, ElementType type) =>
        MicroKernel.GetStreaming(path, rows, type);

    /// <summary>Pieces of whole columns, all rows each.</summary>
    public static WorkDivision Divide(int members, RowTiling tiling, PackedWeights weights)
    {
        long panelBytes = (long)weights.Blocks.Size * weights.StepBytes;
        int bySize = (int)Math.Clamp(RunBytes / panelBytes, 1, weights.Panels);
        int byCount = weights.Panels / (members * PiecesPerMember);
        if (members == 1)
        {
            return new WorkDivision(tiling, weights.Panels, tiling.Count, weights.Panels);
        }

        // As many pieces for each member: of three pieces between two, one would wait while the other computes the third.
        int pieces = WorkDivision.CeilingDivide(WorkDivision.CeilingDivide(weights.Panels, Math.Max(bySize, byCount)), members) * members;
        return new WorkDivision(tiling, weights.Panels, tiling.Count, Math.Max(1, WorkDivision.CeilingDivide(weights.Panels, pieces)));
    }
}
