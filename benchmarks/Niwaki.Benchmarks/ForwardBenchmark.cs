using System.Diagnostics;
using System.Globalization;
using Niwaki.Formats.HuggingFace;
using Niwaki.Kernels;
using Niwaki.Models;
using Niwaki.Plans;
using Niwaki.Tensors;

namespace Niwaki.Benchmarks;

/// <summary>Whole forward passes with losses, as a share of the rate of the model's own matrix products run beside them.</summary>
/// <remarks>
/// Work counted: 2 operations for every block matrix element and head element and token, and 4 · heads · headDim for every query and visible key.
/// The products are the four of a block (q+k+v, o, gate+up, down) and the head on 512 rows, BF16 weights, weighted by their work.
/// Each round runs products, pass, products; a round counts where both product rates agree within a tenth.
/// </remarks>
internal static class ForwardBenchmark
{
    private const int Window = 512;
    private const int Windows = 4;

    public static int Run(string[] args)
    {
        int rounds = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 8;
        int[] sizes = args.Length > 1 ? [int.Parse(args[1], CultureInfo.InvariantCulture)] : [1, Environment.ProcessorCount];
        DirectoryInfo folder = Directory.CreateTempSubdirectory("niwaki-forward-");
        try
        {
            string model = args.Length > 2 ? args[2] : folder.FullName;
            if (args.Length <= 2)
            {
                RandomLlama.Write(model, RandomLlama.Standard);
            }

            Console.WriteLine($"Vector path {CpuFeatures.VectorPath}, {Windows} windows of {Window} tokens, output head included.");
            Console.WriteLine();
            Console.WriteLine("| threads | weights | tokens/s, best (median) | pass GFLOP/s, best (median) | products GFLOP/s, best (median) | share, median |");
            Console.WriteLine("| ---: | --- | ---: | ---: | ---: | ---: |");
            foreach (int threads in sizes.Distinct())
            {
                foreach (PackedFormat format in new[] { PackedFormat.Stored, PackedFormat.Int16 })
                {
                    Measure(model, threads, format, rounds);
                }
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }

        return 0;
    }

    private static void Measure(string folder, int threads, PackedFormat format, int rounds)
    {
        using var team = new ThreadTeam(threads);
        using var checkpoint = Checkpoint.Open(folder);
        ModelConfig config = ModelConfigReader.Read(checkpoint);
        using var model = Transformer.Load(checkpoint, config, team, new TransformerOptions { Format = format });
        using var products = new ModelProducts(team, checkpoint, config, format);
        int window = Math.Min(Window, config.ContextLength);
        int[][] windows = [.. Enumerable.Range(0, Windows).Select(w => Enumerable.Range(0, window).Select(t => ((w * 7919) + (t * 104_729)) % config.VocabularySize).ToArray())];
        double operations = Operations(config, window) * Windows;
        ForwardPass.Losses(model, windows);
        List<double> rates = [], productRates = [], shares = [];
        double before = products.Rate();
        for (int round = 0; round < rounds; round++)
        {
            long start = Stopwatch.GetTimestamp();
            ForwardPass.Losses(model, windows);
            double rate = operations / Stopwatch.GetElapsedTime(start).TotalSeconds;
            double after = products.Rate();
            rates.Add(rate);
            productRates.Add(after);
            if (Math.Abs(before - after) < 0.1 * Math.Max(before, after))
            {
                shares.Add(rate / ((before + after) / 2));
            }

            before = after;
        }

        double tokens = Windows * window / operations;
        string share = shares.Count > 0 ? Median(shares).ToString("P0", CultureInfo.InvariantCulture) : "no steady round";
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"| {threads} | {format} | {rates.Max() * tokens:N0} ({Median(rates) * tokens:N0}) | {rates.Max() / 1e9:F1} ({Median(rates) / 1e9:F1}) "
            + $"| {productRates.Max() / 1e9:F1} ({Median(productRates) / 1e9:F1}) | {share} of {shares.Count} rounds |"));
    }

    /// <summary>Multiplications and additions of one window.</summary>
    private static double Operations(ModelConfig config, int window)
    {
        double linear = 2.0 * (ParameterCounter.Count(config).Prunable + ((double)config.VocabularySize * config.HiddenSize)) * window;
        double pairs = window * (window + 1.0) / 2;
        return linear + config.Blocks.Sum(block => 4.0 * block.Heads * config.HeadDim * pairs);
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    /// <summary>The matrix products of one block and the head, on rows in cache.</summary>
    private sealed class ModelProducts : IDisposable
    {
        private readonly ThreadTeam _team;
        private readonly PackedWeights[] _weights;
        private readonly NativeBuffer<float> _x;
        private readonly NativeBuffer<float> _y;
        private readonly double[] _repeats;

        public ModelProducts(ThreadTeam team, Checkpoint checkpoint, ModelConfig config, PackedFormat format)
        {
            _team = team;
            BlockShape shape = config.Blocks[0];
            WeightSlice Slice(BlockTensorRole role)
            {
                BlockTensor tensor = BlockTensor.Of(role);
                return new WeightSlice(checkpoint.Matrix(tensor.NameIn(0), config.Extent(tensor.Rows, shape), config.Extent(tensor.Columns!.Value, shape)));
            }

            string head = config.TiedEmbeddings ? TensorNames.Embedding : TensorNames.OutputHead;
            _weights =
            [
                PackedWeights.Pack(team, [Slice(BlockTensorRole.Query), Slice(BlockTensorRole.Key), Slice(BlockTensorRole.Value)], format),
                PackedWeights.Pack(team, [Slice(BlockTensorRole.Output)], format),
                PackedWeights.Pack(team, [Slice(BlockTensorRole.Gate), Slice(BlockTensorRole.Up)], format),
                PackedWeights.Pack(team, [Slice(BlockTensorRole.Down)], format),
                PackedWeights.Pack(team, [new WeightSlice(checkpoint.Matrix(head, config.VocabularySize, config.HiddenSize))], format),
            ];
            _repeats = [config.Blocks.Count, config.Blocks.Count, config.Blocks.Count, config.Blocks.Count, 1];
            _x = ProductRatio.Normal((long)Window * _weights.Max(w => w.Inputs), 1);
            _y = new NativeBuffer<float>((long)Window * _weights.Max(w => w.Outputs));
        }

        /// <summary>Operations a second over all products of one window, each as often as a pass runs it.</summary>
        public double Rate()
        {
            double seconds = 0;
            double operations = 0;
            for (int i = 0; i < _weights.Length; i++)
            {
                PackedWeights w = _weights[i];
                var x = new TensorView<float>(_x, Window, w.Inputs);
                var y = new TensorView<float>(_y, Window, w.Outputs);
                long start = Stopwatch.GetTimestamp();
                for (int repeat = 0; repeat < _repeats[i]; repeat++)
                {
                    MatMul.Apply(_team, x, w, y);
                }

                seconds += Stopwatch.GetElapsedTime(start).TotalSeconds;
                operations += _repeats[i] * 2.0 * Window * w.Inputs * w.Outputs;
            }

            return operations / seconds;
        }

        public void Dispose()
        {
            foreach (PackedWeights weights in _weights)
            {
                weights.Dispose();
            }

            _x.Dispose();
            _y.Dispose();
        }
    }
}
