using System.Diagnostics;
using System.Globalization;
using Niwaki.Formats.HuggingFace;
using Niwaki.Kernels;
using Niwaki.Models;
using Niwaki.Plans;
using Niwaki.Pruning.Search;

namespace Niwaki.Benchmarks;

/// <summary>A scan over all blocks of the random benchmark model, as a share of one dense pass a block. The output head is left out on both sides.</summary>
/// <remarks>Each round runs one dense pass, the scan, and another dense pass; the share is scan / (blocks · mean of the two).</remarks>
internal static class DepthScanBenchmark
{
    private const int Window = 512;

    public static int Run(string[] args)
    {
        int rounds = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 3;
        int tokens = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 16_384;
        int threads = args.Length > 2 ? int.Parse(args[2], CultureInfo.InvariantCulture) : Environment.ProcessorCount;
        DirectoryInfo folder = Directory.CreateTempSubdirectory("niwaki-scan-");
        try
        {
            RandomLlama.Write(folder.FullName, RandomLlama.Standard);
            using var team = new ThreadTeam(threads);
            using var checkpoint = Checkpoint.Open(folder.FullName);
            ModelConfig config = ModelConfigReader.Read(checkpoint);
            using var model = Transformer.Load(checkpoint, config, team);
            int[][] windows = [.. Enumerable.Range(0, tokens / Window).Select(w => Enumerable.Range(0, Window).Select(t => ((w * 7919) + (t * 104_729)) % config.VocabularySize).ToArray())];
            Unit[] blocks = [.. Unit.All(config, UnitKind.Block)];
            Console.WriteLine($"Vector path {CpuFeatures.VectorPath}, {threads} threads, {windows.Length} windows of {Window} tokens, {blocks.Length} blocks.");
            using var objective = new NoObjective();
            Dense(model, windows[..1]);
            for (int round = 0; round < rounds; round++)
            {
                double before = Dense(model, windows);
                long start = Stopwatch.GetTimestamp();
                int done = new RemovalScan(model, windows, objective).Try([], blocks).Count();
                double scan = Stopwatch.GetElapsedTime(start).TotalSeconds;
                double after = Dense(model, windows);
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"dense {before:F2} s, scan of {done} {scan:F2} s, dense {after:F2} s: {scan / (blocks.Length * (before + after) / 2):F3} of {blocks.Length} dense passes"));
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }

        return 0;
    }

    private static double Dense(Transformer model, int[][] windows)
    {
        long start = Stopwatch.GetTimestamp();
        using ResidualStream stream = model.Embed(windows);
        model.RunBlocks(stream, 0, model.Config.Blocks.Count);
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <summary>Leaves out what the criterion itself costs.</summary>
    private sealed class NoObjective : IRemovalObjective
    {
        public string Name => "none";

        public double[] Sums(ResidualStream stream, int set) => new double[stream.Windows.Count];

        public int ScoredTokens(int[] window) => window.Length;

        public void Dispose()
        {
        }
    }
}
