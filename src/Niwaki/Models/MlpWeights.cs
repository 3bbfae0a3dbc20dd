using Niwaki.Kernels;

namespace Niwaki.Models;

/// <summary>Packed weights of an MLP sub-layer.</summary>
internal sealed class MlpWeights : IDisposable
{
    public required float[] Norm { get; init; }

    /// <summary>Gate and up projections stacked, [2 × neurons, hidden].</summary>
    public required PackedWeights GateUp { get; init; }

    /// <summary>Their biases stacked, or empty.</summary>
    public required float[] GateUpBias { get; init; }

    /// <summary>[hidden, neurons].</summary>
    public required PackedWeights Down { get; init; }

    /// <summary>[hidden], or empty.</summary>
    public required float[] DownBias { get; init; }

    public void Dispose()
    {
        GateUp.Dispose();
        Down.Dispose();
    }
}
