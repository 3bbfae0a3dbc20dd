using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Niwaki.Export.Gguf;
using Niwaki.Formats.Gguf;
using Niwaki.Formats.HuggingFace;
using Niwaki.Kernels;
using Niwaki.Models;
using Niwaki.Tensors;

namespace Niwaki.Benchmarks;

/// <summary>A prompt of 512 tokens through the random benchmark model, here and in a stock llama.cpp on our own GGUF file of it, in turns; logits of the last token.</summary>
/// <remarks>llama.cpp runs in the child process of the tests, once as it is and once without weights repacked for AMX and the like.</remarks>
internal static class LlamaCppBenchmark
{
    private const int Window = 512;

    public static int Run(string[] args)
    {
        (string program, string library) = (args[0], args[1]);
        int rounds = args.Length > 2 ? int.Parse(args[2], CultureInfo.InvariantCulture) : 7;
        int threads = args.Length > 3 ? int.Parse(args[3], CultureInfo.InvariantCulture) : Environment.ProcessorCount;
        DirectoryInfo folder = Directory.CreateTempSubdirectory("niwaki-llama-cpp-");
        try
        {
            RandomLlama.Write(folder.FullName, RandomLlama.Standard);
            Console.WriteLine($"Vector path {CpuFeatures.VectorPath}, {threads} threads, one prompt of {Window} tokens.");
            Console.WriteLine();
            Console.WriteLine("| weights | llama.cpp repacks | Niwaki, tokens/s, best (median) | llama.cpp, tokens/s, best (median) | ratio in a round, median (from, to) |");
            Console.WriteLine("| --- | --- | ---: | ---: | ---: |");
            foreach (GgufTensorType type in (GgufTensorType[])[GgufTensorType.BF16, GgufTensorType.F32])
            {
                string file = Path.Combine(folder.FullName, $"{type}.gguf");
                using (var source = Checkpoint.Open(folder.FullName))
                {
                    GgufExport.Plan(source, ModelConfigReader.Read(source), new GgufExportOptions { Type = type }).Write(file);
                }

                foreach (bool repack in (bool[])[false, true])
                {
                    Measure(file, program, library, type, repack, rounds, threads);
                }
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }

        return 0;
    }

    private static void Measure(string file, string program, string library, GgufTensorType type, bool repack, int rounds, int threads)
    {
        using var team = new ThreadTeam(threads);
        using var checkpoint = Checkpoint.Open(file);
        ModelConfig config = ModelConfigReader.Read(checkpoint);
        using var model = Transformer.Load(checkpoint, config, team);
        int[] ids = [.. Enumerable.Range(0, Window).Select(t => t * 104_729 % 4096)];
        using var logits = new NativeBuffer<float>(config.VocabularySize);
        using var other = new LlamaProcess(program, library, file, repack);
        var request = new JsonObject { ["op"] = "time", ["ids"] = new JsonArray([.. ids.Select(id => (JsonNode)id)]), ["threads"] = threads, ["repeat"] = 1 };
        Prompt(model, ids, logits);
        List<double> ours = [], theirs = [], ratios = [];
        for (int round = 0; round < rounds; round++)
        {
            double seconds = other.Ask(request)["seconds"]![0]!.GetValue<double>();
            long start = Stopwatch.GetTimestamp();
            Prompt(model, ids, logits);
            ours.Add(Window / Stopwatch.GetElapsedTime(start).TotalSeconds);
            theirs.Add(Window / seconds);
            ratios.Add(ours[^1] / theirs[^1]);
        }

        ratios.Sort();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"| {type} | {(repack ? "yes" : "no")} | {ours.Max():N0} ({Median(ours):N0}) | {theirs.Max():N0} ({Median(theirs):N0}) | {Median(ratios):F2} ({ratios[0]:F2}, {ratios[^1]:F2}) |"));
    }

    private static void Prompt(Transformer model, int[] ids, NativeBuffer<float> logits)
    {
        using ResidualStream stream = model.Embed([ids]);
        model.RunBlocks(stream, 0, model.Config.Blocks.Count);
        model.Logits(stream, [ids.Length - 1], new TensorView<float>(logits, 1, model.Config.VocabularySize));
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
