using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Niwaki.Kernels;
using Niwaki.Kernels.Cpu;

namespace Niwaki.Benchmarks;

/// <summary>The arithmetic limit of the processor: fused multiply-adds between registers, no memory access.</summary>
internal static unsafe class FmaLoop
{
    private const int Chains = 12; // latency 4 × 2 units = 8 are needed to keep the units busy
    private const int Iterations = 10_000; // some 20 µs: fine enough to stop in time

    private static double Operations => 2.0 * Chains * Iterations * Lanes;

    private static int Lanes => KernelPaths.Best switch
    {
        KernelPath.Avx512 => 16,
        KernelPath.Avx2 => 8,
        _ => 8,
    };

    /// <summary>The rate of all members together over a time, in operations a second (a multiply-add counts as two).</summary>
    /// <remarks>
    /// As long as what it is compared with, and every member by its own clock: whatever else the processor has to do in that time takes its share of both.
    /// </remarks>
    /// <param name="team">The members.</param>
    /// <param name="duration">How long every member loops, at least once.</param>
    public static double Rate(ThreadTeam team, TimeSpan duration)
    {
        var job = new Job(team.Size, duration);
        team.Run(job);
        return job.Rates.Sum();
    }

    private static float RunOne() => KernelPaths.Best switch
    {
        KernelPath.Avx512 => Vector512.Sum(Loop<Vector512Path, Vector512<float>>()),
        KernelPath.Avx2 => Vector256.Sum(Loop<Vector256Path, Vector256<float>>()),
        _ => Vector128.Sum(Loop<Vector128Path, Vector128Pair>().Low),
    };

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static TVector Loop<TPath, TVector>()
        where TPath : struct, IVectorPath<TVector>
        where TVector : struct
    {
        TVector x = TPath.Broadcast(0.999f), y = TPath.Broadcast(0.001f);
        TVector c0 = x, c1 = y, c2 = x, c3 = y, c4 = x, c5 = y, c6 = x, c7 = y, c8 = x, c9 = y, c10 = x, c11 = y;
        for (int i = 0; i < Iterations; i++)
        {
            c0 = TPath.FusedMultiplyAdd(c0, x, y);
            c1 = TPath.FusedMultiplyAdd(c1, x, y);
            c2 = TPath.FusedMultiplyAdd(c2, x, y);
            c3 = TPath.FusedMultiplyAdd(c3, x, y);
            c4 = TPath.FusedMultiplyAdd(c4, x, y);
            c5 = TPath.FusedMultiplyAdd(c5, x, y);
            c6 = TPath.FusedMultiplyAdd(c6, x, y);
            c7 = TPath.FusedMultiplyAdd(c7, x, y);
            c8 = TPath.FusedMultiplyAdd(c8, x, y);
            c9 = TPath.FusedMultiplyAdd(c9, x, y);
            c10 = TPath.FusedMultiplyAdd(c10, x, y);
            c11 = TPath.FusedMultiplyAdd(c11, x, y);
        }

        TVector even = TPath.Add(TPath.Add(TPath.Add(c0, c2), TPath.Add(c4, c6)), TPath.Add(c8, c10));
        TVector odd = TPath.Add(TPath.Add(TPath.Add(c1, c3), TPath.Add(c5, c7)), TPath.Add(c9, c11));
        return TPath.Add(even, odd);
    }

    private sealed class Job(int members, TimeSpan duration) : ITeamJob
    {
        private volatile float _sink;

        public double[] Rates { get; } = new double[members];

        public void Execute(ThreadTeam team, int member)
        {
            long start = Stopwatch.GetTimestamp();
            int loops = 0;
            do
            {
                _sink = RunOne();
                loops++;
            }
            while (Stopwatch.GetElapsedTime(start) < duration);

            Rates[member] = loops * Operations / Stopwatch.GetElapsedTime(start).TotalSeconds;
        }
    }
}
