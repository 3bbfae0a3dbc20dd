using Niwaki.Kernels;
using Niwaki.Models;
using Niwaki.Numerics;
using Niwaki.Tensors;

namespace Niwaki.Training;

/// <summary>What adapters add to a product, and their gradients.</summary>
/// <remarks>
/// With x' = scale · dropout(x) and u = x' Aᵀ: y += u Bᵀ; dB += dyᵀ u, du = dy B, dA += duᵀ x', dx += scale · dropout(du A) with the same elements dropped.
/// </remarks>
internal sealed class AdapterPasses(ThreadTeam team) : IDisposable
{
    private readonly GrowingBuffer _input = new();
    private readonly GrowingBuffer _reduced = new();
    private readonly GrowingBuffer _reducedGradient = new();

    public long ByteLength => _input.ByteLength + _reduced.ByteLength + _reducedGradient.ByteLength;

    /// <summary>Adds the outputs of the adapters.</summary>
    /// <param name="adapters">Adapters of the block.</param>
    /// <param name="first">First role of the stacked matrix.</param>
    /// <param name="x">[rows, inputs].</param>
    /// <param name="y">[rows, outputs of all stacked matrices], added to.</param>
    public void Forward(BlockAdapters adapters, BlockTensorRole first, TensorView<float> x, TensorView<float> y)
    {
        foreach ((BlockTensorRole role, int firstRow) in adapters.Parts(first))
        {
            (TensorView<float> down, TensorView<float> up) = adapters.Values(role);
            TensorView<float> reduced = Reduce(adapters, role, x, down);
            MatMul.Apply(team, reduced, up, y.SliceColumns(firstRow, up.Rows), accumulate: true);
        }
    }

    /// <summary>Adds the gradients of the adapters and of their input.</summary>
    /// <param name="adapters">Adapters of the block with their gradients.</param>
    /// <param name="first">First role of the stacked matrix.</param>
    /// <param name="x">[rows, inputs].</param>
    /// <param name="outputGradient">[rows, outputs of all stacked matrices].</param>
    /// <param name="inputGradient">[rows, inputs], added to.</param>
    public void Backward(BlockAdapters adapters, BlockTensorRole first, TensorView<float> x, TensorView<float> outputGradient, TensorView<float> inputGradient)
    {
        foreach ((BlockTensorRole role, int firstRow) in adapters.Parts(first))
        {
            (TensorView<float> down, TensorView<float> up) = adapters.Values(role);
            (TensorView<float> downGradient, TensorView<float> upGradient) = adapters.GradientsOf(role);
            TensorView<float> dy = outputGradient.SliceColumns(firstRow, up.Rows);
            TensorView<float> reduced = Reduce(adapters, role, x, down);
            TensorView<float> reducedGradient = _reducedGradient.View(x.Rows, down.Rows);
            MatMul.WeightGradient(team, dy, reduced, upGradient);
            MatMul.InputGradient(team, dy, up, reducedGradient);
            TensorView<float> input = _input.View(x.Rows, x.Columns);
            MatMul.WeightGradient(team, reducedGradient, input, downGradient);
            MatMul.InputGradient(team, reducedGradient, down, input);
            Drop(adapters, role, input, inputGradient, accumulate: true);
        }
    }

    public void Dispose()
    {
        _input.Dispose();
        _reduced.Dispose();
        _reducedGradient.Dispose();
    }

    /// <summary>u = x' Aᵀ; x' stays in the buffer of the input.</summary>
    private TensorView<float> Reduce(BlockAdapters adapters, BlockTensorRole role, TensorView<float> x, TensorView<float> down)
    {
        TensorView<float> input = _input.View(x.Rows, x.Columns);
        TensorView<float> reduced = _reduced.View(x.Rows, down.Rows);
        Drop(adapters, role, x, input, accumulate: false);
        MatMul.Apply(team, input, down, reduced);
        return reduced;
    }

    private void Drop(BlockAdapters adapters, BlockTensorRole role, TensorView<float> x, TensorView<float> y, bool accumulate)
    {
        LoraOptions options = adapters.Adapters!.Options;
        long seed = adapters.Noise is { } noise ? SeededRandom.Mix(noise, (adapters.Block * 32L) + (long)role) : 0;
        Dropout.Apply(team, x, y, adapters.Noise is null ? 0 : options.Dropout, (float)options.Scale, seed, accumulate);
    }
}
