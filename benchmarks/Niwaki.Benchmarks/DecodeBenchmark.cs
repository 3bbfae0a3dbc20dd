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

/// <summary>
/// Steps of generation with the random benchmark model: bytes of weights a second against the bandwidth of reading memory, and tokens a second beside a
/// stock llama.cpp, all in turns.
/// </summary>
internal static class DecodeBenchmark
{
    private const int Prompt = 12;
    private const int Steps = 16;
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(2); // so long the runtime still compiles what it finds to be hot

    public static int Run(string[] args)
    {
        int rounds = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 7;
        int threads = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : Environment.ProcessorCount;
        (string Program, string Library)? llama = args.Length > 3 ? (args[2], args[3]) : null;
        DirectoryInfo folder = Directory.CreateTempSubdirectory("niwaki-decode-");
        try
        {
            RandomLlama.Write(folder.FullName, RandomLlama.Standard);
            Console.WriteLine($"Vector path {CpuFeatures.VectorPath}, {threads} threads, {Steps} steps behind {Prompt} tokens.");
            Console.WriteLine();
            Console.WriteLine("| weights | batch | Niwaki, tokens/s, median | weights read, GB/s, median | bandwidth, GB/s, median | share in a round, median (from, to) | llama.cpp, tokens/s, median | ratio in a round, median (from, to) |");
            Console.WriteLine("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
            foreach (GgufTensorType type in (GgufTensorType[])[GgufTensorType.BF16, GgufTensorType.F32])
            {
                string file = Path.Combine(folder.FullName, $"{type}.gguf");
                using (var source = Checkpoint.Open(folder.FullName))
                {
                    GgufExport.Plan(source, ModelConfigReader.Read(source), new GgufExportOptions { Type = type }).Write(file);
                }

                Measure(file, type, rounds, threads, llama);
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }

        return 0;
    }

    private static void Measure(string file, GgufTensorType type, int rounds, int threads, (string Program, string Library)? llama)
    {
        using var team = new ThreadTeam(threads);
        using var checkpoint = Checkpoint.Open(file);
        ModelConfig config = ModelConfigReader.Read(checkpoint);
        using var model = Transformer.Load(checkpoint, config, team);
        using var bandwidth = new ReadBandwidth(1L << 30);
        using LlamaProcess? other = llama is { } paths ? new LlamaProcess(paths.Program, paths.Library, file, repack: true) : null;
        long start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < WarmUp)
        {
            StepSeconds(model, 1);
        }

        foreach (int batch in (int[])[1, 8, 32])
        {
            StepSeconds(model, batch);
            List<double> ours = [], read = [], memory = [], shares = [], theirs = [], ratios = [];
            for (int round = 0; round < rounds; round++)
            {
                memory.Add(bandwidth.Measure(team) / 1e9);
                double seconds = StepSeconds(model, batch);
                ours.Add(batch / seconds);
                read.Add(model.Memory.WeightBytes / seconds / 1e9);
                shares.Add(read[^1] / memory[^1]);
                if (batch == 1 && other is not null)
                {
                    var request = new JsonObject { ["op"] = "steps", ["ids"] = new JsonArray([.. Enumerable.Range(0, Prompt).Select(i => (JsonNode)(i + 1))]), ["threads"] = threads, ["steps"] = Steps };
                    theirs.Add(1 / Median([.. other.Ask(request)["seconds"]!.AsArray().Select(value => value!.GetValue<double>())]));
                    ratios.Add(ours[^1] / theirs[^1]);
                }
            }

            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {type} | {batch} | {Median(ours):N1} | {Median(read):N1} | {Median(memory):N1} | {Spread(shares)} | {(theirs.Count > 0 ? Median(theirs).ToString("N1", CultureInfo.InvariantCulture) : "-")} | {(ratios.Count > 0 ? Spread(ratios) : "-")} |"));
        }
    }

    /// <summary>Median seconds of a step that adds one token to every sequence.</summary>
    private static double StepSeconds(Transformer model, int batch)
    {
        KeyValueCache[] caches = [.. Enumerable.Range(0, batch).Select(_ => new KeyValueCache(model.Config, Prompt + Steps + 1))];
        using var buffer = new NativeBuffer<float>((long)batch * model.Config.VocabularySize);
        var logits = new TensorView<float>(buffer, batch, model.Config.VocabularySize);
        try
        {
            model.Extend(caches, [.. caches.Select((_, sequence) => Enumerable.Range(sequence, Prompt).ToArray())], logits);
            List<double> seconds = [];
            for (int step = 0; step < Steps; step++)
            {
                int[][] next = [.. caches.Select((_, sequence) => new[] { (step + sequence) % model.Config.VocabularySize })];
                long start = Stopwatch.GetTimestamp();
                model.Extend(caches, next, logits);
                seconds.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
            }

            return Median(seconds);
        }
        finally
        {
            foreach (KeyValueCache cache in caches)
            {
                cache.Dispose();
            }
        }
    }

    private static string Spread(List<double> values) =>
        string.Create(CultureInfo.InvariantCulture, $"{Median(values):F2} ({values.Min():F2}, {values.Max():F2})");

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
