using System.Diagnostics;
using System.Globalization;
using Niwaki.Kernels;
using Niwaki.Numerics;
using Niwaki.Tensors;

namespace Niwaki.Benchmarks;

/// <summary>The rate of an operation as a share of the rate of a plain matrix product that runs just before and after it.</summary>
/// <remarks>
/// The product is 512 x 768 x 768 in F32. Of many rounds the share is the median over those in which the product ran equally fast before and
/// after; beside it stand the best rates of both.
/// </remarks>
internal sealed unsafe class ProductRatio : IDisposable
{
    public const string Header = "operation GFLOP/s, best (median) | product, best (median) | share of the product";
    private const int Rows = 512;
    private const int Width = 768;

    private readonly ThreadTeam _team;
    private readonly NativeBuffer<float> _x = Normal(Rows * Width, 1);
    private readonly NativeBuffer<float> _y = new(Rows * Width);
    private readonly PackedWeights _weights;

    public ProductRatio(ThreadTeam team)
    {
        _team = team;
        _weights = Pack(team, Width, Width, 2);
    }

    /// <summary>A head or linear with random weights.</summary>
    public static PackedWeights Pack(ThreadTeam team, int outputs, int inputs, long seed)
    {
        using NativeBuffer<float> weights = Normal((long)outputs * inputs, seed);
        return PackedWeights.Pack(team, [new WeightSlice(new WeightView(weights.Pointer, ElementType.F32, outputs, inputs))]);
    }

    /// <summary>Numbers from the normal distribution.</summary>
    public static NativeBuffer<float> Normal(long count, long seed)
    {
        var buffer = new NativeBuffer<float>(count);
        var random = new SeededRandom(seed);
        for (long i = 0; i < count; i++)
        {
            buffer.Pointer[i] = (float)random.NextNormal();
        }

        return buffer;
    }

    /// <summary>Measures for some seconds; returns the cells of <see cref="Header"/>.</summary>
    /// <param name="operations">Multiplications and additions of one call.</param>
    /// <param name="action">The operation.</param>
    /// <param name="seconds">How long.</param>
    public string Measure(double operations, Action action, double seconds)
    {
        int calls = (int)Math.Max(1, 2e8 / operations);
        var x = new TensorView<float>(_x, Rows, Width);
        var y = new TensorView<float>(_y, Rows, Width);
        void Product() => MatMul.Apply(_team, x, _weights, y);
        const double ProductOperations = 2.0 * Rows * Width * Width;
        List<double> rates = [];
        List<double> products = [];
        List<double> shares = [];
        long end = Stopwatch.GetTimestamp() + (long)(seconds * Stopwatch.Frequency);
        double before = ProductOperations / Seconds(Product, 1);
        do
        {
            double rate = operations / Seconds(action, calls);
            double after = ProductOperations / Seconds(Product, 1);
            rates.Add(rate / 1e9);
            products.Add(after / 1e9);
            if (Math.Abs(before - after) < 0.05 * after)
            {
                shares.Add(2 * rate / (before + after));
            }

            before = after;
        }
        while (Stopwatch.GetTimestamp() < end);
        rates.Sort();
        products.Sort();
        shares.Sort();
        string share = shares.Count == 0 ? "-" : string.Create(CultureInfo.InvariantCulture, $"{100 * shares[shares.Count / 2]:F0}%");
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{rates[^1]:F1} ({rates[rates.Count / 2]:F1}) | {products[^1]:F1} ({products[products.Count / 2]:F1}) | {share}");
    }

    public void Dispose()
    {
        _x.Dispose();
        _y.Dispose();
        _weights.Dispose();
    }

    /// <summary>Seconds of a call: wall time, for one thread processor time where that is less.</summary>
    private double Seconds(Action action, int calls)
    {
        TimeSpan used = Environment.CpuUsage.TotalTime;
        long start = Stopwatch.GetTimestamp();
        for (int call = 0; call < calls; call++)
        {
            action();
        }

        TimeSpan wall = Stopwatch.GetElapsedTime(start);
        used = Environment.CpuUsage.TotalTime - used;
        return (_team.Size == 1 && used < wall ? used : wall).TotalSeconds / calls;
    }
}
