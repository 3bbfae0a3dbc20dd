using System.Diagnostics;
using System.Globalization;
using Niwaki.Formats.HuggingFace;
using Niwaki.Kernels;
using Niwaki.Models;
using Niwaki.Numerics;
using Niwaki.Tensors;
using Niwaki.Training;

namespace Niwaki.Benchmarks;

/// <summary>A training step of the sample model, optimiser included, as a share of the rate of a plain matrix product that runs before and after it.</summary>
/// <remarks>
/// Work counted, in multiplications and additions: 6 for every matrix element and token, and 2 more for those of blocks where activations are computed again, but for
/// the down projections; for every head, query and visible key 14 · headDim (4 forward, 10 for the gradients), and 4 · headDim more where that is computed again. Norms, activations, embedding and
/// optimiser count nothing. The product is 512 × 768 × 768 in F32 with packed weights. A round counts where both product rates agree within a tenth.
/// </remarks>
internal static class TrainBenchmark
{
    private const int Batch = 16;
    private const int Window = 256;
    private const int ProductRows = 512;
    private const int ProductWidth = 768;

    public static int Run(string[] args)
    {
        int rounds = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 12;
        int[] sizes = args.Length > 1 ? [int.Parse(args[1], CultureInfo.InvariantCulture)] : [1, Environment.ProcessorCount];
        string path = args.Length > 2 ? args[2] : Path.Combine("samples", "novels-4m", ModelFolder.ConfigName);
        ModelConfig config = ModelConfigReader.Read(ConfigDocument.Read(path));
        Console.WriteLine($"Vector path {CpuFeatures.VectorPath}, {Batch} windows of {Window} tokens, {path}.");
        Console.WriteLine();
        Console.WriteLine("| threads | tokens/s, best (median) | step GFLOP/s, best (median) | product GFLOP/s, best (median) | share, median | memory |");
        Console.WriteLine("| ---: | ---: | ---: | ---: | ---: | ---: |");
        foreach (int threads in sizes.Distinct())
        {
            Measure(config, threads, rounds);
        }

        return 0;
    }

    private static void Measure(ModelConfig config, int threads, int rounds)
    {
        using var team = new ThreadTeam(threads);
        using ModelParameters weights = ModelParameters.Random(config, 1);
        var random = new SeededRandom(1);
        int[] ids = [.. Enumerable.Range(0, 4 * Batch * Window).Select(_ => random.NextInt(config.VocabularySize))];
        var options = new TrainingOptions { Steps = long.MaxValue / 2, Batch = Batch, Window = Window };
        using var trainer = new Trainer(weights, ids, options, team);
        using PackedWeights packed = ProductRatio.Pack(team, ProductWidth, ProductWidth, 2);
        using NativeBuffer<float> x = ProductRatio.Normal(ProductRows * ProductWidth, 1);
        using var y = new NativeBuffer<float>(ProductRows * ProductWidth);
        double Product()
        {
            const int Calls = 40;
            long start = Stopwatch.GetTimestamp();
            for (int call = 0; call < Calls; call++)
            {
                MatMul.Apply(team, new TensorView<float>(x, ProductRows, ProductWidth), packed, new TensorView<float>(y, ProductRows, ProductWidth));
            }

            return Calls * 2.0 * ProductRows * ProductWidth * ProductWidth / Stopwatch.GetElapsedTime(start).TotalSeconds;
        }

        trainer.Step();
        double operations = Operations(config, trainer.KeptActivations);
        List<double> rates = [], products = [], shares = [];
        double before = Product();
        for (int round = 0; round < rounds; round++)
        {
            long start = Stopwatch.GetTimestamp();
            trainer.Step();
            double rate = operations / Stopwatch.GetElapsedTime(start).TotalSeconds;
            double after = Product();
            rates.Add(rate);
            products.Add(after);
            if (Math.Abs(before - after) < 0.1 * Math.Max(before, after))
            {
                shares.Add(rate / ((before + after) / 2));
            }

            before = after;
        }

        double tokens = Batch * Window / operations;
        string share = shares.Count > 0 ? Median(shares).ToString("P0", CultureInfo.InvariantCulture) : "no steady round";
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"| {threads} | {rates.Max() * tokens:N0} ({Median(rates) * tokens:N0}) | {rates.Max() / 1e9:F1} ({Median(rates) / 1e9:F1}) "
            + $"| {products.Max() / 1e9:F1} ({Median(products) / 1e9:F1}) | {share} of {shares.Count} rounds | {trainer.MemoryBytes / 1048576.0:F0} MiB |"));
    }

    /// <summary>Multiplications and additions of one step.</summary>
    private static double Operations(ModelConfig config, bool kept)
    {
        double tokens = Batch * Window;
        double visible = (Window + 1) / 2.0;
        double sum = 6.0 * config.VocabularySize * config.HiddenSize * tokens;
        foreach (BlockShape block in config.Blocks)
        {
            foreach (BlockTensor tensor in BlockTensor.Of(config.Features, block).Where(tensor => tensor.IsMatrix))
            {
                sum += (kept || tensor.Role == BlockTensorRole.Down ? 6.0 : 8.0) * config.ElementCount(tensor, block) * tokens;
            }

            sum += (kept ? 14.0 : 18.0) * config.HeadDim * block.Heads * visible * tokens;
        }

        return sum;
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
