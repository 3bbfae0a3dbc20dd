using System.Numerics;

namespace Niwaki.Kernels.Cpu;

/// <summary>Rows with a factor for each group of columns.</summary>
/// <param name="X">First row.</param>
/// <param name="Stride">Elements from one row to the next.</param>
/// <param name="Gates">One factor for each group.</param>
/// <param name="Groups">Groups of a row.</param>
/// <param name="Width">Columns of a group.</param>
internal readonly unsafe record struct GatingKernel(nint X, long Stride, nint Gates, int Groups, int Width) : IForBody
{
    public void Execute(int first, int end)
    {
        for (int row = first; row < end; row++)
        {
            float* x = (float*)X + (row * Stride);
            for (int group = 0; group < Groups; group++, x += Width)
            {
                Scale(x, Width, ((float*)Gates)[group]);
            }
        }
    }

    /// <summary>The scalar twin.</summary>
    internal static void ScaleScalar(float* x, int width, float gate)
    {
        for (int i = 0; i < width; i++)
        {
            x[i] = gate == 0 ? 0 : x[i] * gate;
        }
    }

    internal static void Scale(float* x, int width, float gate)
    {
        if (gate == 0)
        {
            new Span<float>(x, width).Clear();
        }
        else if (gate != 1)
        {
            // One multiplication per element read from memory: the portable vector of the platform is wide enough.
            var factor = new Vector<float>(gate);
            int i = 0;
            for (; i <= width - Vector<float>.Count; i += Vector<float>.Count)
            {
                Vector.Store(Vector.Load(x + i) * factor, x + i);
            }

            ScaleScalar(x + i, width - i, gate);
        }
    }
}
