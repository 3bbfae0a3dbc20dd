using System.Globalization;
using Niwaki.Kernels;
using Niwaki.Tensors;

namespace Niwaki.Benchmarks;

/// <summary>Rate of <see cref="LossAccumulator"/>, counting the product of the head alone.</summary>
internal static class LossBenchmark
{
    private static readonly (int Tokens, int Width, int Vocabulary)[] Shapes = [(512, 768, 32000), (512, 576, 49152), (64, 2048, 32000)];

    public static int Run(string[] args)
    {
        double seconds = args.Length > 0 ? double.Parse(args[0], CultureInfo.InvariantCulture) : 6;
        Console.WriteLine($"Vector path {CpuFeatures.VectorPath}, {Environment.ProcessorCount} processors.");
        Console.WriteLine();
        Console.WriteLine($"| threads | tokens x hidden x vocabulary | {ProductRatio.Header} |");
        Console.WriteLine("| ---: | --- | ---: | ---: | ---: |");
        int[] sizes = args.Length > 1 ? [int.Parse(args[1], CultureInfo.InvariantCulture)] : [1, Environment.ProcessorCount];
        foreach (int threads in sizes.Distinct())
        {
            foreach ((int tokens, int width, int vocabulary) in Shapes)
            {
                Measure(threads, tokens, width, vocabulary, seconds);
            }
        }

        return 0;
    }

    private static void Measure(int threads, int tokens, int width, int vocabulary, double seconds)
    {
        using var team = new ThreadTeam(threads);
        using var ratio = new ProductRatio(team);
        using PackedWeights head = ProductRatio.Pack(team, vocabulary, width, 3);
        using NativeBuffer<float> hidden = ProductRatio.Normal((long)tokens * width, 4);
        using var accumulator = new LossAccumulator(tokens);
        int[] targets = [.. Enumerable.Range(0, tokens).Select(t => t * 61 % vocabulary)];
        float[] losses = new float[tokens];
        var view = new TensorView<float>(hidden, tokens, width);
        void Score()
        {
            accumulator.Accumulate(team, view, head, 0, targets);
            accumulator.Finish(losses);
        }

        string cells = ratio.Measure(2.0 * tokens * width * vocabulary, Score, seconds);
        Console.WriteLine($"| {threads} | {tokens} x {width} x {vocabulary} | {cells} |");
    }
}
