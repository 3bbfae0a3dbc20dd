using Niwaki.Pruning.Decisions;
using Niwaki.Runs;

namespace Niwaki.Pruning.Methods;

/// <summary>Every pruning method.</summary>
public static class PruningMethods
{
    /// <summary>All methods.</summary>
    public static IReadOnlyList<IPruningMethod> All { get; } =
        [new BonsaiMethod(), new DepthMethod(), new DepthWidthMethod(), new MagnitudeMethod(), new RandomMethod(), new NiwakiMethod()];

    /// <summary>A method.</summary>
    /// <param name="method">As a recipe names it.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such method.</exception>
    public static IPruningMethod Get(PruningMethod method) =>
        All.FirstOrDefault(candidate => candidate.Method == method)
        ?? throw new ArgumentOutOfRangeException(nameof(method), method, $"Method is {method}, expected one of {string.Join(", ", All.Select(m => m.Method))}.");
}
