using System.Diagnostics;
using System.Globalization;
using Niwaki.Kernels;
using Niwaki.Tensors;

namespace Niwaki.Benchmarks;

/// <summary>Products of a few rows with weights that are in no cache: bytes of weights a second beside the bandwidth of plain reading, in turns.</summary>
internal static unsafe class FewRowsBenchmark
{
    private const int Inputs = 2048;
    private const int Outputs = 4096;
    private const long WeightBytes = 1L << 30;

    public static int Run(string[] args)
    {
        int rounds = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 9;
        int threads = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : Environment.ProcessorCount;
        using var team = new ThreadTeam(threads);
        using var bandwidth = new ReadBandwidth(WeightBytes);
        Console.WriteLine($"Vector path {CpuFeatures.VectorPath}, {threads} threads, products {Inputs} x {Outputs}, {WeightBytes >> 20} MiB of weights.");
        Console.WriteLine();
        Console.WriteLine("| weights | rows | read, GB/s, median | bandwidth, GB/s, median | share in a round, median (from, to) |");
        Console.WriteLine("| --- | ---: | ---: | ---: | ---: |");
        foreach (ElementType type in (ElementType[])[ElementType.BF16, ElementType.F32])
        {
            PackedWeights[] weights = Pack(team, type);
            foreach (int rows in (int[])[1, 2, 4, 6, 8])
            {
                Measure(team, bandwidth, weights, type, rows, rounds);
            }

            foreach (PackedWeights packed in weights)
            {
                packed.Dispose();
            }
        }

        return 0;
    }

    private static PackedWeights[] Pack(ThreadTeam team, ElementType type)
    {
        int bytes = type == ElementType.F32 ? 4 : 2;
        using var memory = new NativeBuffer<byte>((long)Inputs * Outputs * bytes);
        int count = (int)(WeightBytes / memory.Length);
        return [.. Enumerable.Range(0, count).Select(_ => PackedWeights.Pack(team, [new WeightSlice(new WeightView(memory.Pointer, type, Outputs, Inputs))]))];
    }

    private static void Measure(ThreadTeam team, ReadBandwidth bandwidth, PackedWeights[] weights, ElementType type, int rows, int rounds)
    {
        using var x = new NativeBuffer<float>((long)rows * Inputs);
        using var y = new NativeBuffer<float>((long)rows * Outputs);
        List<double> read = [], memory = [], shares = [];
        for (int round = -1; round < rounds; round++)
        {
            double plain = bandwidth.Measure(team);
            long start = Stopwatch.GetTimestamp();
            foreach (PackedWeights packed in weights)
            {
                MatMul.Apply(team, new TensorView<float>(x, rows, Inputs), packed, new TensorView<float>(y, rows, Outputs));
            }

            double rate = weights.Sum(packed => packed.ByteLength) / Stopwatch.GetElapsedTime(start).TotalSeconds;
            if (round >= 0)
            {
                read.Add(rate / 1e9);
                memory.Add(plain / 1e9);
                shares.Add(rate / plain);
            }
        }

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"| {type} | {rows} | {Median(read):F1} | {Median(memory):F1} | {Median(shares):F2} ({shares.Min():F2}, {shares.Max():F2}) |"));
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
