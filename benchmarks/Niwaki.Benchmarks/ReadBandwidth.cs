using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Niwaki.Kernels;
using Niwaki.Tensors;

namespace Niwaki.Benchmarks;

/// <summary>How fast the threads of a team read memory that is in no cache: sums over a buffer far larger than any, every thread its own run.</summary>
internal sealed unsafe class ReadBandwidth : ITeamJob, IDisposable
{
    private const long PieceFloats = 1 << 20;

    private readonly NativeBuffer<float> _memory;
    private readonly float[] _sums = new float[ThreadTeam.MaximumSize];

    /// <summary>Takes the memory, a whole number of pieces.</summary>
    public ReadBandwidth(long bytes)
    {
        _memory = new NativeBuffer<float>(Math.Max(1, bytes / sizeof(float) / PieceFloats) * PieceFloats);
        for (long i = 0; i < _memory.Length; i += 512)
        {
            _memory.Pointer[i] = i; // every page has memory of its own
        }
    }

    /// <summary>Bytes a second of one pass.</summary>
    public double Measure(ThreadTeam team)
    {
        long start = Stopwatch.GetTimestamp();
        team.Run(this);
        return _memory.ByteLength / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    public void Execute(ThreadTeam team, int member)
    {
        int pieces = (int)(_memory.Length / PieceFloats);
        float sum = 0;
        while (team.TryTake(member, pieces, out int piece))
        {
            sum += Sum(_memory.Pointer + ((long)piece * PieceFloats), PieceFloats);
        }

        _sums[member] = sum;
    }

    public void Dispose() => _memory.Dispose();

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Sum(float* source, long count)
    {
        Vector256<float> a = default, b = default, c = default, d = default;
        for (long i = 0; i < count; i += 32)
        {
            a += Vector256.Load(source + i);
            b += Vector256.Load(source + i + 8);
            c += Vector256.Load(source + i + 16);
            d += Vector256.Load(source + i + 24);
        }

        return Vector256.Sum(a + b + c + d);
    }
}
