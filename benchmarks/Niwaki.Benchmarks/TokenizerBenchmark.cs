using System.Diagnostics;
using System.Globalization;
using System.Text;
using Niwaki.Tokenizers;

namespace Niwaki.Benchmarks;

/// <summary>Rates of encoding and decoding a text on one core, and the time and memory that loading takes.</summary>
/// <remarks>
/// Time is that of the processor, summed over the process: on a machine with other work it says more than the clock. The first round
/// pays for compiling the code, so that the best and the median of the rest are what counts.
/// </remarks>
internal static class TokenizerBenchmark
{
    private const double BytesPerMegabyte = 1e6;
    private const int DefaultRounds = 15;

    public static int Run(string[] args)
    {
        if (args.Length < 2)
        {
            Console.Error.WriteLine("tokenizer FOLDER FILE [rounds, default 15]");
            return 2;
        }

        int rounds = args.Length > 2 ? int.Parse(args[2], CultureInfo.InvariantCulture) : DefaultRounds;
        string text = File.ReadAllText(args[1]);
        double megabytes = Encoding.UTF8.GetByteCount(text) / BytesPerMegabyte;

        long memoryBefore = GC.GetTotalMemory(forceFullCollection: true);
        TimeSpan start = ProcessorTime();
        Tokenizer tokenizer = Tokenizer.Load(args[0]);
        TimeSpan load = ProcessorTime() - start;
        long memory = GC.GetTotalMemory(forceFullCollection: true) - memoryBefore;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"Load: {load.TotalMilliseconds:F0} ms of processor time, {memory / BytesPerMegabyte:F1} MB kept, {tokenizer.VocabularySize:N0} ids."));

        int[] ids = tokenizer.Encode(text);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"Text: {megabytes:F2} MB, {ids.Length:N0} ids, {megabytes * BytesPerMegabyte / ids.Length:F2} bytes an id."));
        Console.WriteLine();
        Console.WriteLine("| | best MB/s | median MB/s |");
        Console.WriteLine("| --- | ---: | ---: |");
        Console.WriteLine(Measure("encode", rounds, megabytes, () => tokenizer.Encode(text)));
        Console.WriteLine(Measure("decode", rounds, megabytes, () => tokenizer.Decode(ids)));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"\nLargest working set: {Process.GetCurrentProcess().PeakWorkingSet64 / BytesPerMegabyte:F0} MB."));
        return 0;
    }

    private static string Measure(string name, int rounds, double megabytes, Action action)
    {
        action();
        double[] rates = new double[rounds];
        for (int i = 0; i < rounds; i++)
        {
            TimeSpan start = ProcessorTime();
            action();
            rates[i] = megabytes / (ProcessorTime() - start).TotalSeconds;
        }

        Array.Sort(rates);
        return string.Create(CultureInfo.InvariantCulture, $"| {name} | {rates[^1]:F1} | {rates[rounds / 2]:F1} |");
    }

    private static TimeSpan ProcessorTime() => Environment.CpuUsage.TotalTime;
}
