using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Niwaki.Tensors;

namespace Niwaki.Kernels.Cpu;

/// <summary>Turns one block of a panel into floats in a scratch that stays in the first-level cache, for all the tiles that meet it.</summary>
internal static unsafe class PanelWidening
{
    /// <summary>The widening of a path and an element type other than F32: (depth, panel, floats [depth, width]).</summary>
    public static delegate*<nint, byte*, float*, void> Get(KernelPath path, ElementType type) => type switch
    {
        ElementType.BF16 => Get<PanelFormat.BF16>(path),
        ElementType.F16 => Get<PanelFormat.F16>(path),
        _ => GetQ8(path),
    };

    private static delegate*<nint, byte*, float*, void> GetQ8(KernelPath path) => path switch
    {
        KernelPath.Avx512 => &WidenQ8<Vector512Path, Vector512<float>>,
        KernelPath.Avx2 => &WidenQ8<Vector256Path, Vector256<float>>,
        KernelPath.AdvSimd => &WidenQ8<Vector128Path, Vector128Pair>,
        _ => &WidenQ8Scalar,
    };

    private static delegate*<nint, byte*, float*, void> Get<TFormat>(KernelPath path)
        where TFormat : struct, PanelFormat.IPanelFormat => path switch
        {
            KernelPath.Avx512 => &Widen<Vector512Path, Vector512<float>, TFormat>,
            KernelPath.Avx2 => &Widen<Vector256Path, Vector256<float>, TFormat>,
            KernelPath.AdvSimd => &Widen<Vector128Path, Vector128Pair, TFormat>,
            _ => &WidenScalar<TFormat>,
        };

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Widen<TPath, TVector, TFormat>(nint depth, byte* panel, float* floats)
        where TPath : struct, IVectorPath<TVector>
        where TVector : struct
        where TFormat : struct, PanelFormat.IPanelFormat
    {
        int width = 2 * TPath.Lanes;
        for (; depth > 0; depth--)
        {
            TFormat.Load<TPath, TVector>(panel, out TVector lower, out TVector upper);
            TPath.Store(lower, floats);
            TPath.Store(upper, floats + TPath.Lanes);
            panel += width * TFormat.ElementBytes;
            floats += width;
        }
    }

    private static void WidenScalar<TFormat>(nint depth, byte* panel, float* floats)
        where TFormat : struct, PanelFormat.IPanelFormat
    {
        const int Width = 16;
        for (nint i = 0; i < depth * Width; i++)
        {
            floats[i] = TFormat.At(panel + (i / Width * Width * TFormat.ElementBytes), Width, (int)(i % Width));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void WidenQ8<TPath, TVector>(nint depth, byte* panel, float* floats)
        where TPath : struct, IVectorPath<TVector>
        where TVector : struct
    {
        int width = 2 * TPath.Lanes;
        for (; depth > 0; depth -= Q8Panel.Group)
        {
            PanelFormat.F16.Load<TPath, TVector>(panel, out TVector s0, out TVector s1);
            panel += Q8Panel.ScaleBytes(width);
            for (int step = 0; step < Q8Panel.Group; step++)
            {
                Q8Panel.Load<TPath, TVector>(panel, s0, s1, out TVector lower, out TVector upper);
                TPath.Store(lower, floats);
                TPath.Store(upper, floats + TPath.Lanes);
                panel += width;
                floats += width;
            }
        }
    }

    private static void WidenQ8Scalar(nint depth, byte* panel, float* floats)
    {
        const int Width = 16;
        for (nint i = 0; i < depth * Width; i++)
        {
            floats[i] = Q8Panel.At(panel, Width, i / Width, (int)(i % Width));
        }
    }
}
