using Niwaki.Models;

namespace Niwaki.Pruning.Search;

/// <summary>The divergence from the dense model, KL(dense‖sub-model), at every token of the text.</summary>
internal sealed class DivergenceObjective(Transformer model, IReadOnlyList<int[]> windows) : IRemovalObjective
{
    private readonly DenseReference _dense = DenseReference.Create(model, windows);

    /// <inheritdoc />
    public string Name => "kl";

    /// <inheritdoc />
    public double[] Sums(ResidualStream stream, int set)
    {
        double[] divergences = model.Divergences(_dense.Stream(set), stream);
        return [.. stream.Windows.Select((window, i) => divergences.AsSpan(stream.FirstRow(i), window.Length).ToArray().Sum())];
    }

    /// <inheritdoc />
    public int ScoredTokens(int[] window) => window.Length;

    /// <inheritdoc />
    public void Dispose() => _dense.Dispose();
}
