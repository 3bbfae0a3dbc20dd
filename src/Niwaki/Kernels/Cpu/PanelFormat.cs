using System.Runtime.CompilerServices;
using Niwaki.Tensors;

namespace Niwaki.Kernels.Cpu;

/// <summary>How the weights of one step of k (one panel wide) lie in memory and become floats.</summary>
/// <remarks>
/// Floats lie in column order. 16-bit elements lie in pairs: column i in the low half of 32-bit word i, column i + width / 2 in its high
/// half, so that the halves of a register full of words are the two registers that the kernel needs, without moving lanes.
/// </remarks>
internal static unsafe class PanelFormat
{
    /// <summary>A format as a struct argument of the kernels.</summary>
    public interface IPanelFormat
    {
        /// <summary>Bytes of one weight.</summary>
        public static abstract int ElementBytes { get; }

        /// <summary>Loads one step: the lower and the upper half of the columns.</summary>
        public static abstract void Load<TPath, TVector>(byte* step, out TVector lower, out TVector upper)
            where TPath : struct, IVectorPath<TVector>
            where TVector : struct;

        /// <summary>One column of a step in a panel of the given width.</summary>
        public static abstract float At(byte* step, int width, int column);
    }

    /// <summary>The 16-bit element of a column.</summary>
    private static ushort Half(byte* step, int width, int column) =>
        column < width / 2 ? ((ushort*)step)[2 * column] : ((ushort*)step)[(2 * (column - (width / 2))) + 1];

    /// <summary><see cref="ElementType.F32"/>.</summary>
    public readonly struct F32 : IPanelFormat
    {
        public static int ElementBytes => 4;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Load<TPath, TVector>(byte* step, out TVector lower, out TVector upper)
            where TPath : struct, IVectorPath<TVector>
            where TVector : struct
        {
            lower = TPath.Load((float*)step);
            upper = TPath.Load((float*)step + TPath.Lanes);
        }

        public static float At(byte* step, int width, int column) => ((float*)step)[column];
    }

    /// <summary><see cref="ElementType.BF16"/>.</summary>
    public readonly struct BF16 : IPanelFormat
    {
        public static int ElementBytes => 2;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Load<TPath, TVector>(byte* step, out TVector lower, out TVector upper)
            where TPath : struct, IVectorPath<TVector>
            where TVector : struct => TPath.WidenBF16Pairs((uint*)step, out lower, out upper);

        public static float At(byte* step, int width, int column) =>
            BitConverter.UInt32BitsToSingle((uint)Half(step, width, column) << 16);
    }

    /// <summary><see cref="ElementType.F16"/>.</summary>
    public readonly struct F16 : IPanelFormat
    {
        public static int ElementBytes => 2;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Load<TPath, TVector>(byte* step, out TVector lower, out TVector upper)
            where TPath : struct, IVectorPath<TVector>
            where TVector : struct => TPath.WidenF16Pairs((uint*)step, out lower, out upper);

        public static float At(byte* step, int width, int column) => (float)BitConverter.UInt16BitsToHalf(Half(step, width, column));
    }
}
