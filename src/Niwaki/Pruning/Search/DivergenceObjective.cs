using Niwaki.Models;

namespace Niwaki.Pruning.Search;

/// <summary>The divergence from the dense model, KL(dense‖sub-model), at every token of the text.</summary>
/// <remarks>Keeps the dense model's residual stream behind the last block for every set of windows.</remarks>
internal sealed class DivergenceObjective : IRemovalObjective
{
    private readonly Transformer _model;
    private readonly List<ResidualStream> _dense = [];

    /// <summary>Passes the windows through the dense model once.</summary>
    public DivergenceObjective(Transformer model, IReadOnlyList<int[]> windows)
    {
        _model = model;
        foreach ((int first, int count) in ForwardPass.Cut(model, windows))
        {
            ResidualStream stream = model.Embed([.. windows.Skip(first).Take(count)]);
            _dense.Add(stream);
            model.RunBlocks(stream, 0, model.Config.Blocks.Count);
        }
    }

    /// <inheritdoc />
    public string Name => "kl";

    /// <inheritdoc />
    public double[] Sums(ResidualStream stream, int set)
    {
        double[] divergences = _model.Divergences(_dense[set], stream);
        return [.. stream.Windows.Select((window, i) => divergences.AsSpan(stream.FirstRow(i), window.Length).ToArray().Sum())];
    }

    /// <inheritdoc />
    public int ScoredTokens(int[] window) => window.Length;

    /// <inheritdoc />
    public void Dispose() => _dense.ForEach(stream => stream.Dispose());
}
