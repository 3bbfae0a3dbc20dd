using System.Diagnostics;
using System.Globalization;
using Niwaki.Formats.HuggingFace;
using Niwaki.Kernels;
using Niwaki.Models;
using Niwaki.Numerics;

namespace Niwaki.Benchmarks;

/// <summary>What a sub-model costs beside the dense model, and what is gained when several share a pass over the weights.</summary>
/// <remarks>
/// Sub-models lack a twentieth of the neurons of every MLP and, where there are twenty groups, of the KV groups, at random. Each round runs a dense pass, a sub-model's, and one pass
/// of all sub-models; ratios are inside a round.
/// </remarks>
internal static class SubModelBenchmark
{
    private const int Window = 128;

    public static int Run(string[] args)
    {
        string folder = args[0];
        int windows = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 1;
        int subModels = args.Length > 2 ? int.Parse(args[2], CultureInfo.InvariantCulture) : 16;
        int rounds = args.Length > 3 ? int.Parse(args[3], CultureInfo.InvariantCulture) : 8;
        using var team = new ThreadTeam(args.Length > 4 ? int.Parse(args[4], CultureInfo.InvariantCulture) : Environment.ProcessorCount);
        using var checkpoint = Checkpoint.Open(folder);
        ModelConfig config = ModelConfigReader.Read(checkpoint);
        using var model = Transformer.Load(checkpoint, config, team);
        var random = new SeededRandom(1);
        int[][] text = [.. Enumerable.Range(0, windows).Select(_ => Enumerable.Range(0, Window).Select(_ => random.NextInt(config.VocabularySize)).ToArray())];
        ModelGates[] gates = [.. Enumerable.Range(0, subModels).Select(_ => Draw(config, random))];
        int[][] all = [.. gates.SelectMany(_ => text)];
        ModelGates[] allGates = [.. gates.SelectMany(each => Enumerable.Repeat(each, windows))];
        ForwardPass.Losses(model, text);
        List<double> single = [], shared = [];
        for (int round = 0; round < rounds; round++)
        {
            double dense = Time(() => ForwardPass.Losses(model, text));
            double one = Time(() => ForwardPass.Losses(model, text, [.. Enumerable.Repeat(gates[round % subModels], windows)]));
            double together = Time(() => ForwardPass.Losses(model, all, allGates)) / subModels;
            single.Add(one / dense);
            shared.Add(one / together);
        }

        Console.WriteLine($"Vector path {CpuFeatures.VectorPath}, {team.Size} threads, weights {model.Memory.WeightBytes / 1048576.0:N0} MiB packed, {windows} windows of {Window} tokens a sub-model.");
        Console.WriteLine();
        Console.WriteLine("| | median | from | to |");
        Console.WriteLine("| --- | ---: | ---: | ---: |");
        Print("sub-model / dense, seconds", single);
        Print($"alone / {subModels} sharing a pass, seconds each", shared);
        return 0;
    }

    private static void Print(string name, List<double> values)
    {
        values.Sort();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {name} | {values[values.Count / 2]:F2} | {values[0]:F2} | {values[^1]:F2} |"));
    }

    private static double Time(Action action)
    {
        long start = Stopwatch.GetTimestamp();
        action();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static ModelGates Draw(ModelConfig config, SeededRandom random)
    {
        var gates = new ModelGates(config.Blocks.Count);
        for (int block = 0; block < config.Blocks.Count; block++)
        {
            BlockShape shape = config.Blocks[block];
            for (int i = 0; i < shape.Neurons / 20; i++)
            {
                gates[block].SetNeuron(shape, random.NextInt(shape.Neurons), 0);
            }

            for (int i = 0; i < shape.KeyValueHeads / 20; i++)
            {
                gates[block].SetGroup(shape, random.NextInt(shape.KeyValueHeads), 0);
            }
        }

        return gates;
    }
}
