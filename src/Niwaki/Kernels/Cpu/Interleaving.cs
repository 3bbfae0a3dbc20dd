using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Niwaki.Kernels.Cpu;

/// <summary>Lanes of two registers taken in turn, and what is made of it; by hardware on x64 and Arm64, else element by element.</summary>
internal static class Interleaving
{
    /// <summary>a0 b0 a1 b1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<uint> Low(Vector128<uint> a, Vector128<uint> b) =>
        Sse2.IsSupported ? Sse2.UnpackLow(a, b)
        : AdvSimd.Arm64.IsSupported ? AdvSimd.Arm64.ZipLow(a, b)
        : Vector128.Create(a[0], b[0], a[1], b[1]);

    /// <summary>a2 b2 a3 b3.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<uint> High(Vector128<uint> a, Vector128<uint> b) =>
        Sse2.IsSupported ? Sse2.UnpackHigh(a, b)
        : AdvSimd.Arm64.IsSupported ? AdvSimd.Arm64.ZipHigh(a, b)
        : Vector128.Create(a[2], b[2], a[3], b[3]);

    /// <summary>Words with a in the low half and b in the high half, of lanes 0 to 3.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<uint> LowPairs(Vector128<ushort> a, Vector128<ushort> b) =>
        Vector128.WidenLower(a) | (Vector128.WidenLower(b) << 16);

    /// <summary>Words with a in the low half and b in the high half, of lanes 4 to 7.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<uint> HighPairs(Vector128<ushort> a, Vector128<ushort> b) =>
        Vector128.WidenUpper(a) | (Vector128.WidenUpper(b) << 16);

    /// <summary>Turns four rows of four words into four columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Transpose(ref Vector128<uint> r0, ref Vector128<uint> r1, ref Vector128<uint> r2, ref Vector128<uint> r3)
    {
        Vector128<uint> low02 = Low(r0, r2);
        Vector128<uint> low13 = Low(r1, r3);
        Vector128<uint> high02 = High(r0, r2);
        Vector128<uint> high13 = High(r1, r3);
        r0 = Low(low02, low13);
        r1 = High(low02, low13);
        r2 = Low(high02, high13);
        r3 = High(high02, high13);
    }
}
