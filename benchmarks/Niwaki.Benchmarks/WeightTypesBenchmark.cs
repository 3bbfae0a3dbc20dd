using System.Diagnostics;
using System.Globalization;
using Niwaki.Export.Gguf;
using Niwaki.Formats.Gguf;
using Niwaki.Formats.HuggingFace;
using Niwaki.Kernels;
using Niwaki.Models;
using Niwaki.Tensors;

namespace Niwaki.Benchmarks;

/// <summary>The random benchmark model from GGUF files of several encodings, in turns: a prompt of 512 tokens, single tokens after it, bytes of packed weights.</summary>
internal static class WeightTypesBenchmark
{
    private const int Window = 512;
    private const int Steps = 16;

    private static readonly GgufTensorType[] Types = [GgufTensorType.BF16, GgufTensorType.F32, GgufTensorType.Q8_0];

    public static int Run(string[] args)
    {
        int rounds = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 9;
        int threads = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : Environment.ProcessorCount;
        DirectoryInfo folder = Directory.CreateTempSubdirectory("niwaki-weight-types-");
        Contender[] contenders = [];
        try
        {
            RandomLlama.Write(folder.FullName, RandomLlama.Standard);
            using var team = new ThreadTeam(threads);
            contenders = [.. Types.Select(type => new Contender(type, folder.FullName, team))];
            for (int round = 0; round <= rounds; round++)
            {
                foreach (Contender contender in contenders)
                {
                    contender.Measure(isWarmUp: round == 0);
                }
            }

            Console.WriteLine($"Vector path {CpuFeatures.VectorPath}, {threads} threads; tokens a second, best, and the median ratio to BF16 in a round (from, to).");
            Console.WriteLine();
            Console.WriteLine($"| file | packed weights | a prompt of {Window} | ratio | {Steps} single tokens | ratio |");
            Console.WriteLine("| --- | ---: | ---: | ---: | ---: | ---: |");
            foreach (Contender contender in contenders)
            {
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"| {contender.Type} | {contender.WeightBytes / 1048576.0:F1} MiB | {contender.Prompts.Max():N0} | {Ratio(contender.Prompts, contenders[0].Prompts)} | {contender.Singles.Max():N1} | {Ratio(contender.Singles, contenders[0].Singles)} |"));
            }
        }
        finally
        {
            Array.ForEach(contenders, contender => contender.Dispose());
            folder.Delete(recursive: true);
        }

        return 0;
    }

    private static string Ratio(List<double> rates, List<double> reference)
    {
        double[] ratios = [.. rates.Zip(reference, (a, b) => a / b).Order()];
        return string.Create(CultureInfo.InvariantCulture, $"{ratios[ratios.Length / 2]:F2} ({ratios[0]:F2}, {ratios[^1]:F2})");
    }

    /// <summary>One file with its model.</summary>
    private sealed class Contender : IDisposable
    {
        private readonly Checkpoint _checkpoint;
        private readonly Transformer _model;
        private readonly KeyValueCache _cache;
        private readonly NativeBuffer<float> _logits;

        public Contender(GgufTensorType type, string folder, ThreadTeam team)
        {
            Type = type;
            string file = Path.Combine(folder, $"{type}.gguf");
            using (var source = Checkpoint.Open(folder))
            {
                GgufExport.Plan(source, ModelConfigReader.Read(source), new GgufExportOptions { Type = type }).Write(file);
            }

            _checkpoint = Checkpoint.Open(file);
            ModelConfig config = ModelConfigReader.Read(_checkpoint);
            _model = Transformer.Load(_checkpoint, config, team);
            _cache = new KeyValueCache(config, Window + Steps);
            _logits = new NativeBuffer<float>(config.VocabularySize);
        }

        public GgufTensorType Type { get; }

        public long WeightBytes => _model.Memory.WeightBytes;

        public List<double> Prompts { get; } = [];

        public List<double> Singles { get; } = [];

        public void Measure(bool isWarmUp)
        {
            _cache.Clear();
            double prompt = Rate([[.. Enumerable.Range(0, Window).Select(t => t * 104_729 % 4096)]]);
            double singles = Rate([.. Enumerable.Range(0, Steps).Select(t => (int[])[t])]);
            if (!isWarmUp)
            {
                Prompts.Add(prompt);
                Singles.Add(singles);
            }
        }

        public void Dispose()
        {
            _cache.Dispose();
            _logits.Dispose();
            _model.Dispose();
            _checkpoint.Dispose();
        }

        private double Rate(int[][] chunks)
        {
            long start = Stopwatch.GetTimestamp();
            foreach (int[] chunk in chunks)
            {
                _model.Extend([_cache], [chunk], new TensorView<float>(_logits, 1, _model.Config.VocabularySize));
            }

            return chunks.Sum(chunk => chunk.Length) / Stopwatch.GetElapsedTime(start).TotalSeconds;
        }
    }
}
