using System.Numerics;

namespace Niwaki.Kernels.Cpu;

/// <summary>Chunks of a vector to which others are added, one after the other.</summary>
/// <param name="Target">[count] float32, read and written.</param>
/// <param name="Sources">[count] float32 each. Read only.</param>
/// <param name="Count">Length of all.</param>
internal readonly unsafe record struct SumKernel(nint Target, nint[] Sources, long Count) : IForBody
{
    /// <summary>Numbers of a chunk: what stays in the first-level cache while all sources are added to it.</summary>
    public const int Chunk = 4096;

    public void Execute(int first, int end)
    {
        for (int chunk = first; chunk < end; chunk++)
        {
            long start = (long)chunk * Chunk;
            int count = (int)Math.Min(Chunk, Count - start);
            foreach (nint source in Sources)
            {
                Add((float*)Target + start, (float*)source + start, count);
            }
        }
    }

    private static void Add(float* target, float* source, int count)
    {
        int i = 0;
        for (; i <= count - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector.Store(Vector.Load(target + i) + Vector.Load(source + i), target + i);
        }

        for (; i < count; i++)
        {
            target[i] += source[i];
        }
    }
}
