using System.Runtime.InteropServices;

namespace Niwaki.Cli.Output;

/// <summary>The machine in words.</summary>
internal static class Machine
{
    /// <summary>Processor, number of its threads, system.</summary>
    public static string Describe() =>
        $"{Processor() ?? RuntimeInformation.ProcessArchitecture.ToString()}, {Environment.ProcessorCount} processors, {RuntimeInformation.OSDescription}";

    private static string? Processor()
    {
        const string Facts = "/proc/cpuinfo";
        const string Field = "model name";
        if (!File.Exists(Facts))
        {
            return null;
        }

        string? line = File.ReadLines(Facts).FirstOrDefault(text => text.StartsWith(Field, StringComparison.Ordinal));
        return line?[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
    }
}
