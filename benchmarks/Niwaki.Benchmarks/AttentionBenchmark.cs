using System.Globalization;
using Niwaki.Kernels;
using Niwaki.Tensors;

namespace Niwaki.Benchmarks;

/// <summary>Rates of <see cref="Attention"/> on whole causal sequences, counting the visible pairs alone, and on a step of generation.</summary>
internal static class AttentionBenchmark
{
    private static readonly int[] Lengths = [128, 512, 2048];

    private static readonly int[] HeadDims = [64, 128];

    private static readonly (int Heads, int KeyHeads)[] Groupings = [(12, 12), (32, 8)];

    public static int Run(string[] args)
    {
        double seconds = args.Length > 0 ? double.Parse(args[0], CultureInfo.InvariantCulture) : 3;
        Console.WriteLine($"Vector path {CpuFeatures.VectorPath}, {Environment.ProcessorCount} processors.");
        Console.WriteLine();
        Console.WriteLine($"| threads | queries x keys | head dimension | heads / key heads | {ProductRatio.Header} |");
        Console.WriteLine("| ---: | --- | ---: | --- | ---: | ---: | ---: |");
        int[] sizes = args.Length > 1 ? [int.Parse(args[1], CultureInfo.InvariantCulture)] : [1, Environment.ProcessorCount];
        Array.ForEach([.. sizes.Distinct()], threads => RunOn(threads, seconds));
        return 0;
    }

    private static void RunOn(int threads, double seconds)
    {
        using var team = new ThreadTeam(threads);
        using var ratio = new ProductRatio(team);
        foreach ((int heads, int keyHeads) in Groupings)
        {
            foreach (int headDim in HeadDims)
            {
                foreach (int length in Lengths)
                {
                    Measure(team, ratio, length, length, headDim, heads, keyHeads, seconds);
                }

                Measure(team, ratio, 1, 2048, headDim, heads, keyHeads, seconds);
            }
        }
    }

    private static void Measure(ThreadTeam team, ProductRatio ratio, int queries, int keys, int headDim, int heads, int keyHeads, double seconds)
    {
        using NativeBuffer<float> query = ProductRatio.Normal((long)queries * heads * headDim, 1);
        using NativeBuffer<float> key = ProductRatio.Normal((long)keys * keyHeads * headDim, 2);
        using NativeBuffer<float> value = ProductRatio.Normal((long)keys * keyHeads * headDim, 3);
        using var output = new NativeBuffer<float>(query.Length);
        var shape = new AttentionShape(heads, keyHeads, headDim, 1 / MathF.Sqrt(headDim));
        var sequence = new AttentionSequence
        {
            Query = new TensorView<float>(query, queries, heads * headDim),
            Key = new TensorView<float>(key, keys, keyHeads * headDim),
            Value = new TensorView<float>(value, keys, keyHeads * headDim),
            Output = new TensorView<float>(output, queries, heads * headDim),
        };
        double pairs = (queries * (keys - queries + 1.0)) + (queries * (queries - 1.0) / 2);
        double operations = 4 * pairs * heads * headDim;
        string cells = ratio.Measure(operations, () => Attention.Apply(team, shape, [sequence]), seconds);
        Console.WriteLine($"| {team.Size} | {queries} x {keys} | {headDim} | {heads} / {keyHeads} | {cells} |");
    }
}
