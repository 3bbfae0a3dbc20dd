using System.Runtime.CompilerServices;
using Niwaki.Tensors;

namespace Niwaki.Kernels.Cpu;

/// <summary>How a weight panel of <see cref="ElementType.Q8_0"/> lies in memory and becomes floats.</summary>
/// <remarks>
/// For every 32 steps of k a group: the scales of the columns as one step of <see cref="PanelFormat.F16"/>, then 32 steps of one byte a column,
/// in column order. That is 34 bytes for 32 weights, as in the file. A weight is scale times byte, which float32 holds exactly.
/// </remarks>
internal static unsafe class Q8Panel
{
    /// <summary>Steps of k that share scales; the depth of every panel block is a multiple.</summary>
    public const int Group = ElementTypes.Q8BlockLength;

    /// <summary>Bytes of a group.</summary>
    public static int GroupBytes(int width) => width * ElementTypes.Q8BlockBytes;

    /// <summary>Bytes of a group for each of its steps, a whole number for panels 16 and 32 wide.</summary>
    public static int BytesPerStep(int width) => GroupBytes(width) / Group;

    /// <summary>Bytes of the scales of a group, which its weights follow.</summary>
    public static int ScaleBytes(int width) => width * sizeof(ushort);

    /// <summary>The weights of one step: the lower and the upper half of the columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Load<TPath, TVector>(byte* step, TVector lowerScales, TVector upperScales, out TVector lower, out TVector upper)
        where TPath : struct, IVectorPath<TVector>
        where TVector : struct
    {
        lower = TPath.Multiply(lowerScales, TPath.WidenBytes((sbyte*)step));
        upper = TPath.Multiply(upperScales, TPath.WidenBytes((sbyte*)step + TPath.Lanes));
    }

    /// <summary>One weight of a panel block.</summary>
    public static float At(byte* panel, int width, nint k, int column)
    {
        byte* group = panel + (k / Group * GroupBytes(width));
        return PanelFormat.F16.At(group, width, column) * ((sbyte*)group)[ScaleBytes(width) + (k % Group * width) + column];
    }
}
