using Niwaki.Tensors;

namespace Niwaki.Formats.Safetensors;

/// <summary>A matrix or vector of a checkpoint for as long as it is used: where it lies in its file, or decoded for this use.</summary>
public sealed class BorrowedWeights : IDisposable
{
    private readonly IDisposable? _decoded;

    internal BorrowedWeights(WeightView view, IDisposable? decoded = null)
    {
        View = view;
        _decoded = decoded;
    }

    /// <summary>The numbers; must not be read after <see cref="Dispose"/>.</summary>
    public WeightView View { get; }

    /// <summary>Gives up the memory of numbers that were decoded.</summary>
    public void Dispose() => _decoded?.Dispose();
}
