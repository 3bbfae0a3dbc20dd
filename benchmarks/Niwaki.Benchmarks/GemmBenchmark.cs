using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Niwaki.Formats.Gguf;
using Niwaki.Formats.Gguf.Codecs;
using Niwaki.Kernels;
using Niwaki.Numerics;
using Niwaki.Tensors;

namespace Niwaki.Benchmarks;

/// <summary>
/// Rates of <see cref="MatMul"/> on shapes of transformers, for every kind of stored weights, beside the rate of <see cref="FmaLoop"/>.
/// </summary>
/// <remarks>
/// On a shared machine a single figure means little. All kinds take turns in short bursts for many rounds, every product runs between two
/// runs of the loop that take as long as it does. The share is the median of product over loop where the loop ran at the same rate before and after, within 5%,
/// and, apart, where it ran at its best rate before and after: when nobody else has the other half of the core.
/// With <c>--cblas LIBRARY</c> the library's <c>cblas_sgemm</c> takes its turn on the same matrices, in one thread and in two.
/// </remarks>
internal static unsafe class GemmBenchmark
{
    private static readonly string[] Shapes = ["512x576x1536", "512x2048x2048", "2048x4096x4096"];

    private static readonly (string Name, ElementType Type, PackedFormat Format)[] Kinds =
    [
        ("F32", ElementType.F32, PackedFormat.Stored),
        ("BF16", ElementType.BF16, PackedFormat.Stored),
        ("F16", ElementType.F16, PackedFormat.Stored),
        ("Q8_0", ElementType.Q8_0, PackedFormat.Stored),
        ("Int16", ElementType.F32, PackedFormat.Int16),
    ];

    private static delegate* unmanaged<int, int, int, int, int, int, float, float*, int, float*, int, float, float*, int, void> _cblas;
    private static delegate* unmanaged<int, void> _setThreads;

    public static int Run(string[] args)
    {
        int option = Array.IndexOf(args, "--cblas");
        if (option >= 0)
        {
            nint library = NativeLibrary.Load(args[option + 1]);
            _cblas = (delegate* unmanaged<int, int, int, int, int, int, float, float*, int, float*, int, float, float*, int, void>)NativeLibrary.GetExport(library, "cblas_sgemm");
            _setThreads = (delegate* unmanaged<int, void>)NativeLibrary.GetExport(library, "openblas_set_num_threads");
            args = [.. args[..option], .. args[(option + 2)..]];
        }

        int rounds = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 15;
        double burst = args.Length > 1 ? double.Parse(args[1], CultureInfo.InvariantCulture) : 0.05;
        Console.WriteLine($"Vector path {CpuFeatures.VectorPath}, {Environment.ProcessorCount} processors. GFLOP/s: best (median), median share of the FMA loop beside it where that is steady, and where it has its best rate, within 5% (bursts){(_cblas is null ? "" : "; last the library")}.");
        Console.WriteLine();
        Console.WriteLine($"| threads | rows x inputs x outputs | FMA loop | {string.Join(" | ", Names)} |");
        Console.WriteLine($"| ---: | --- | ---: |{string.Concat(Names.Select(_ => " ---: |"))}");
        int[] sizes = Environment.ProcessorCount > 1 ? [1, Environment.ProcessorCount] : [1];
        foreach (string shape in args.Length > 2 ? args[2..] : Shapes)
        {
            int[] sides = [.. shape.Split('x').Select(side => int.Parse(side, CultureInfo.InvariantCulture))];
            foreach (int threads in sizes)
            {
                Measure(threads, sides[0], sides[1], sides[2], rounds, burst);
            }
        }

        return 0;
    }

    private static IEnumerable<string> Names => Kinds.Select(kind => kind.Name).Concat(_cblas is null ? [] : ["cblas_sgemm"]);

    private static void Measure(int threads, int rows, int inputs, int outputs, int rounds, double burst)
    {
        using var team = new ThreadTeam(threads);
        using var x = new NativeBuffer<float>((long)rows * inputs);
        using var w = new NativeBuffer<float>((long)outputs * inputs);
        using var y = new NativeBuffer<float>((long)rows * outputs);
        Fill(x, 1);
        Fill(w, 2);
        var xView = new TensorView<float>(x, rows, inputs);
        var yView = new TensorView<float>(y, rows, outputs);
        PackedWeights[] packed = [.. Kinds.Select(kind => Pack(team, w, kind.Type, kind.Format, outputs, inputs))];
        Action<ThreadTeam>[] products = [.. packed.Select<PackedWeights, Action<ThreadTeam>>(weights => t => MatMul.Apply(t, xView, weights, yView))];
        if (_cblas is not null)
        {
            const int RowMajor = 101, Plain = 111, Transposed = 112;
            _setThreads(threads);
            float* xs = x.Pointer, ws = w.Pointer, ys = y.Pointer;
            products = [.. products, _ => _cblas(RowMajor, Plain, Transposed, rows, outputs, inputs, 1, xs, inputs, ws, inputs, 0, ys, outputs)];
        }

        List<Sample>[] samples = [.. products.Select(_ => new List<Sample>())];
        TimeSpan[] lengths = new TimeSpan[products.Length];
        double operations = 2.0 * rows * inputs * outputs;
        for (int round = 0; round < rounds; round++)
        {
            for (int i = 0; i < products.Length; i++)
            {
                long end = Stopwatch.GetTimestamp() + (long)(burst * Stopwatch.Frequency);
                do
                {
                    double before = FmaLoop.Rate(team, lengths[i]);
                    long start = Stopwatch.GetTimestamp();
                    products[i](team);
                    lengths[i] = Stopwatch.GetElapsedTime(start);
                    samples[i].Add(new Sample(operations / lengths[i].TotalSeconds, before, FmaLoop.Rate(team, lengths[i])));
                }
                while (Stopwatch.GetTimestamp() < end);
            }
        }

        double[] loops = [.. samples.SelectMany(list => list).SelectMany(sample => (double[])[sample.Before, sample.After]).Order()];
        string cells = string.Join(" | ", samples.Select(list => Cell(list, loops[^1])));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"| {threads} | {rows} x {inputs} x {outputs} | {loops[^1] / 1e9:F1} ({loops[loops.Length / 2] / 1e9:F1}) | {cells} |"));
        Array.ForEach(packed, weights => weights.Dispose());
    }

    private static string Cell(List<Sample> samples, double fullRate)
    {
        double[] rates = [.. samples.Select(sample => sample.Rate / 1e9).Order()];
        string steady = Share([.. samples.Where(sample => sample.IsSteady)]);
        Sample[] undisturbed = [.. samples.Where(sample => Math.Min(sample.Before, sample.After) > 0.95 * fullRate)];
        return string.Create(CultureInfo.InvariantCulture, $"{rates[^1]:F1} ({rates[rates.Length / 2]:F1}) {steady}, {Share(undisturbed)} of {undisturbed.Length}");
    }

    private static string Share(Sample[] samples)
    {
        double[] shares = [.. samples.Select(sample => 2 * sample.Rate / (sample.Before + sample.After)).Order()];
        return shares.Length == 0 ? "-" : string.Create(CultureInfo.InvariantCulture, $"{shares[shares.Length / 2] * 100:F0}%");
    }

    private static PackedWeights Pack(ThreadTeam team, NativeBuffer<float> w, ElementType type, PackedFormat format, int outputs, int inputs)
    {
        if (type == ElementType.F32)
        {
            return PackedWeights.Pack(team, [new WeightSlice(new WeightView(w.Pointer, type, outputs, inputs))], format);
        }

        if (type == ElementType.Q8_0)
        {
            using var blocks = new NativeBuffer<byte>(outputs * type.RowBytes(inputs));
            for (int row = 0; row < outputs; row++)
            {
                BlockCodec.Encode(
                    GgufTensorType.Q8_0,
                    new ReadOnlySpan<float>(w.Pointer + ((long)row * inputs), inputs),
                    new Span<byte>(blocks.Pointer + (row * type.RowBytes(inputs)), (int)type.RowBytes(inputs)));
            }

            return PackedWeights.Pack(team, [new WeightSlice(new WeightView(blocks.Pointer, type, outputs, inputs))], format);
        }

        using var half = new NativeBuffer<ushort>(w.Length);
        for (long i = 0; i < w.Length; i++)
        {
            float value = w.Pointer[i];
            half.Pointer[i] = type == ElementType.BF16
                ? (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16)
                : BitConverter.HalfToUInt16Bits((Half)value);
        }

        return PackedWeights.Pack(team, [new WeightSlice(new WeightView(half.Pointer, type, outputs, inputs))], format);
    }

    private static void Fill(NativeBuffer<float> buffer, long seed)
    {
        var random = new SeededRandom(seed);
        for (long i = 0; i < buffer.Length; i++)
        {
            buffer.Pointer[i] = (float)(random.NextDouble() - 0.5);
        }
    }

    /// <summary>A product between two runs of the loop, in operations a second.</summary>
    private readonly record struct Sample(double Rate, double Before, double After)
    {
        /// <summary>Whether the processor ran the loop at one rate before and after.</summary>
        public bool IsSteady => Math.Min(Before, After) > 0.95 * Math.Max(Before, After);
    }
}
