namespace Niwaki.Runs;

/// <summary>The methods as recipes, reports and the command line write them.</summary>
public static class PruningMethodNames
{
    /// <summary>Every method with its name.</summary>
    public static IReadOnlyList<(string Name, PruningMethod Method)> All { get; } =
    [
        ("bonsai", PruningMethod.Bonsai),
        ("depth", PruningMethod.Depth),
        ("depth+width", PruningMethod.DepthWidth),
        ("random", PruningMethod.Random),
        ("magnitude", PruningMethod.Magnitude),
        ("niwaki", PruningMethod.Niwaki),
    ];

    /// <summary>The name of a method.</summary>
    /// <param name="method">The method.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such method.</exception>
    public static string NameOf(PruningMethod method) =>
        All.FirstOrDefault(entry => entry.Method == method).Name ?? throw new ArgumentOutOfRangeException(nameof(method), method, "Unknown method.");
}
