namespace Niwaki.Benchmarks;

/// <summary>Entry point of the benchmarks.</summary>
internal static class Program
{
    private static int Main(string[] args) => args.Length == 0 ? 2 : 0;
}
