using Niwaki.Kernels;

namespace Niwaki.Models;

/// <summary>Packed weights of an attention sub-layer.</summary>
internal sealed class AttentionWeights : IDisposable
{
    public required float[] Norm { get; init; }

    /// <summary>Query, key and value projections stacked, [(heads + 2 kvHeads) × headDim, hidden].</summary>
    public required PackedWeights QueryKeyValue { get; init; }

    /// <summary>Their biases stacked, or empty.</summary>
    public required float[] QueryKeyValueBias { get; init; }

    /// <summary>[headDim], or empty.</summary>
    public required float[] QueryNorm { get; init; }

    /// <summary>[headDim], or empty.</summary>
    public required float[] KeyNorm { get; init; }

    /// <summary>[hidden, heads × headDim].</summary>
    public required PackedWeights Output { get; init; }

    /// <summary>[hidden], or empty.</summary>
    public required float[] OutputBias { get; init; }

    public void Dispose()
    {
        QueryKeyValue.Dispose();
        Output.Dispose();
    }
}
