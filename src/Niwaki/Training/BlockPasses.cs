using Niwaki.Kernels;
using Niwaki.Models;
using Niwaki.Tensors;

namespace Niwaki.Training;

/// <summary>Forward and backward pass of one block over a chunk of whole windows.</summary>
internal sealed class BlockPasses(ModelConfig config, ThreadTeam team, RopeTable rope) : IDisposable
{
    private readonly GrowingBuffer _innerGradient = new(); // of the input of the second product of a sub-layer: neurons or outputs of heads
    private readonly GrowingBuffer _projectedGradient = new(); // of queries, keys and values
    private readonly GrowingBuffer _normedGradient = new(); // of the normalised input of a sub-layer
    private readonly AdapterPasses _adapterPasses = new(team);
    private int[] _positions = [];

    public long ScratchBytes => _innerGradient.ByteLength + _projectedGradient.ByteLength + _normedGradient.ByteLength + _adapterPasses.ByteLength;

    /// <summary>Takes the stream through a block.</summary>
    /// <param name="weights">Parameters of the block.</param>
    /// <param name="adapters">Its adapters.</param>
    /// <param name="block">Index of the block.</param>
    /// <param name="lengths">Tokens of every window.</param>
    /// <param name="input">The stream in front of the block, [rows, hidden].</param>
    /// <param name="output">The stream behind it, written.</param>
    /// <param name="activations">Written.</param>
    public void Forward(
        BlockParameters weights,
        BlockAdapters adapters,
        int block,
        ReadOnlySpan<int> lengths,
        TensorView<float> input,
        TensorView<float> output,
        BlockActivations activations)
    {
        TensorView<float> middle = Activate(weights, adapters, block, lengths, input, activations);
        Copy(middle, output);
        if (config.Blocks[block].HasMlp)
        {
            TensorView<float> neurons = activations.Neurons.View(input.Rows, config.Blocks[block].Neurons);
            Project(weights, adapters, BlockTensorRole.Down, neurons, output, weights.DownBias, accumulate: true);
        }
    }

    /// <summary>Turns the gradient of the stream behind a block into that of the stream in front of it.</summary>
    /// <param name="weights">Parameters of the block.</param>
    /// <param name="gradients">Gradients of the parameters that are trained, added to.</param>
    /// <param name="adapters">Its adapters with their gradients.</param>
    /// <param name="block">Index of the block.</param>
    /// <param name="lengths">Tokens of every window.</param>
    /// <param name="input">The stream in front of the block, [rows, hidden].</param>
    /// <param name="streamGradient">[rows, hidden], read and written.</param>
    /// <param name="activations">Read where they are kept, else computed again; not valid afterwards.</param>
    /// <param name="kept">Whether the forward pass over the same chunk left them.</param>
    public void Backward(
        BlockParameters weights,
        BlockParameters gradients,
        BlockAdapters adapters,
        int block,
        ReadOnlySpan<int> lengths,
        TensorView<float> input,
        TensorView<float> streamGradient,
        BlockActivations activations,
        bool kept)
    {
        BlockShape shape = config.Blocks[block];
        if (!kept)
        {
            Activate(weights, adapters, block, lengths, input, activations);
        }

        TensorView<float> middle = Middle(shape, input, activations);
        if (shape.HasMlp)
        {
            MlpBackward(weights, gradients, adapters, shape, middle, streamGradient, activations);
        }

        if (shape.HasAttention)
        {
            AttentionBackward(weights, gradients, adapters, block, lengths, input, streamGradient, activations);
        }
    }

    public void Dispose()
    {
        _innerGradient.Dispose();
        _projectedGradient.Dispose();
        _normedGradient.Dispose();
        _adapterPasses.Dispose();
    }

    /// <summary>The stream between the sub-layers.</summary>
    private TensorView<float> Middle(BlockShape shape, TensorView<float> input, BlockActivations activations) =>
        shape.HasAttention ? activations.Middle.View(input.Rows, config.HiddenSize) : input;

    /// <summary>Everything up to the neurons; returns the stream between the sub-layers.</summary>
    private TensorView<float> Activate(
        BlockParameters weights, BlockAdapters adapters, int block, ReadOnlySpan<int> lengths, TensorView<float> input, BlockActivations activations)
    {
        BlockShape shape = config.Blocks[block];
        int rows = input.Rows;
        TensorView<float> middle = Middle(shape, input, activations);
        if (shape.HasAttention)
        {
            Attend(weights, adapters, block, lengths, input, activations);
            Copy(input, middle);
            TensorView<float> heads = activations.Heads.View(rows, shape.Heads * config.HeadDim);
            Project(weights, adapters, BlockTensorRole.Output, heads, middle, weights.OutputBias, accumulate: true);
        }

        if (shape.HasMlp)
        {
            TensorView<float> normed = activations.MlpNormed.View(rows, config.HiddenSize);
            TensorView<float> gateUp = activations.GateUp.View(rows, 2 * shape.Neurons);
            RmsNorm.Apply(team, middle, weights.MlpNorm, config.NormEpsilon, normed);
            Project(weights, adapters, BlockTensorRole.Gate, normed, gateUp, weights.GateUpBias);
            SwiGlu.Apply(team, gateUp, activations.Neurons.View(rows, shape.Neurons));
        }

        return middle;
    }

    private void Attend(
        BlockParameters weights, BlockAdapters adapters, int block, ReadOnlySpan<int> lengths, TensorView<float> input, BlockActivations activations)
    {
        BlockShape shape = config.Blocks[block];
        TensorView<float> normed = activations.Normed.View(input.Rows, config.HiddenSize);
        TensorView<float> projected = Projected(activations.Projected, shape, input.Rows);
        RmsNorm.Apply(team, input, weights.AttentionNorm, config.NormEpsilon, normed);
        Project(weights, adapters, BlockTensorRole.Query, normed, projected, weights.QueryKeyValueBias);
        if (config.Features.QueryKeyNorm)
        {
            Copy(projected, Projected(activations.Raw, shape, input.Rows));
            RmsNorm.ApplyPerHead(team, Query(projected, shape), config.HeadDim, weights.QueryNorm, config.NormEpsilon);
            RmsNorm.ApplyPerHead(team, Key(projected, shape), config.HeadDim, weights.KeyNorm, config.NormEpsilon);
        }

        int[] positions = Positions(lengths, input.Rows);
        Rope.Apply(team, Query(projected, shape), config.HeadDim, positions, rope, RopePairing.HalfSplit);
        Rope.Apply(team, Key(projected, shape), config.HeadDim, positions, rope, RopePairing.HalfSplit);
        TensorView<float> heads = activations.Heads.View(input.Rows, shape.Heads * config.HeadDim);
        TensorView<float> logSumExp = activations.LogSumExp.View(input.Rows, shape.Heads);
        var sequences = new AttentionSequence[lengths.Length];
        int row = 0;
        for (int i = 0; i < lengths.Length; i++)
        {
            sequences[i] = new AttentionSequence
            {
                Query = Query(projected, shape).SliceRows(row, lengths[i]),
                Key = Key(projected, shape).SliceRows(row, lengths[i]),
                Value = Value(projected, shape).SliceRows(row, lengths[i]),
                Output = heads.SliceRows(row, lengths[i]),
                LogSumExp = logSumExp.SliceRows(row, lengths[i]),
            };
            row += lengths[i];
        }

        Attention.Apply(team, Shape(block), sequences);
    }

    private void MlpBackward(
        BlockParameters weights,
        BlockParameters gradients,
        BlockAdapters adapters,
        BlockShape shape,
        TensorView<float> middle,
        TensorView<float> streamGradient,
        BlockActivations activations)
    {
        int rows = middle.Rows;
        TensorView<float> gateUp = activations.GateUp.View(rows, 2 * shape.Neurons);
        TensorView<float> neurons = activations.Neurons.View(rows, shape.Neurons);
        TensorView<float> neuronGradient = _innerGradient.View(rows, shape.Neurons);
        ProjectBack(weights, gradients, adapters, BlockTensorRole.Down, neurons, streamGradient, neuronGradient, gradients.DownBias);
        SwiGlu.Gradient(team, gateUp, neuronGradient, gateUp);
        TensorView<float> normed = activations.MlpNormed.View(rows, config.HiddenSize);
        TensorView<float> normedGradient = _normedGradient.View(rows, config.HiddenSize);
        ProjectBack(weights, gradients, adapters, BlockTensorRole.Gate, normed, gateUp, normedGradient, gradients.GateUpBias);
        RmsNorm.Gradient(team, middle, weights.MlpNorm, config.NormEpsilon, normedGradient, streamGradient, gradients.MlpNorm, accumulate: true);
    }

    private void AttentionBackward(
        BlockParameters weights,
        BlockParameters gradients,
        BlockAdapters adapters,
        int block,
        ReadOnlySpan<int> lengths,
        TensorView<float> input,
        TensorView<float> streamGradient,
        BlockActivations activations)
    {
        BlockShape shape = config.Blocks[block];
        int rows = input.Rows;
        TensorView<float> heads = activations.Heads.View(rows, shape.Heads * config.HeadDim);
        TensorView<float> headGradient = _innerGradient.View(rows, shape.Heads * config.HeadDim);
        TensorView<float> gradient = Projected(_projectedGradient, shape, rows);
        ProjectBack(weights, gradients, adapters, BlockTensorRole.Output, heads, streamGradient, headGradient, gradients.OutputBias);
        Attention.Gradient(team, Shape(block), GradientSequences(shape, lengths, rows, headGradient, gradient, activations));
        int[] positions = Positions(lengths, rows);
        Rope.Gradient(team, Query(gradient, shape), config.HeadDim, positions, rope, RopePairing.HalfSplit);
        Rope.Gradient(team, Key(gradient, shape), config.HeadDim, positions, rope, RopePairing.HalfSplit);
        if (config.Features.QueryKeyNorm)
        {
            TensorView<float> raw = Projected(activations.Raw, shape, rows);
            RmsNorm.GradientPerHead(
                team, Query(raw, shape), config.HeadDim, weights.QueryNorm, config.NormEpsilon, Query(gradient, shape), Query(gradient, shape), gradients.QueryNorm);
            RmsNorm.GradientPerHead(
                team, Key(raw, shape), config.HeadDim, weights.KeyNorm, config.NormEpsilon, Key(gradient, shape), Key(gradient, shape), gradients.KeyNorm);
        }

        TensorView<float> normed = activations.Normed.View(rows, config.HiddenSize);
        TensorView<float> normedGradient = _normedGradient.View(rows, config.HiddenSize);
        ProjectBack(weights, gradients, adapters, BlockTensorRole.Query, normed, gradient, normedGradient, gradients.QueryKeyValueBias);
        RmsNorm.Gradient(team, input, weights.AttentionNorm, config.NormEpsilon, normedGradient, streamGradient, gradients.AttentionNorm, accumulate: true);
    }

    /// <summary>y (+)= x · Wᵀ + bias, and what the adapters of W add.</summary>
    private void Project(
        BlockParameters weights,
        BlockAdapters adapters,
        BlockTensorRole first,
        TensorView<float> x,
        TensorView<float> y,
        ReadOnlySpan<float> bias,
        bool accumulate = false)
    {
        MatMul.Apply(team, x, weights.Find(first)!.Value, y, accumulate, bias);
        _adapterPasses.Forward(adapters, first, x, y);
    }

    /// <summary>The gradients of <see cref="Project"/>: of x, written, and of what is trained.</summary>
    private void ProjectBack(
        BlockParameters weights,
        BlockParameters gradients,
        BlockAdapters adapters,
        BlockTensorRole first,
        TensorView<float> x,
        TensorView<float> outputGradient,
        TensorView<float> inputGradient,
        Span<float> biasGradient)
    {
        if (gradients.Find(first) is { } weightGradient)
        {
            MatMul.WeightGradient(team, outputGradient, x, weightGradient);
        }

        if (biasGradient.Length > 0)
        {
            MatMul.BiasGradient(team, outputGradient, biasGradient);
        }

        MatMul.InputGradient(team, outputGradient, weights.Find(first)!.Value, inputGradient);
        _adapterPasses.Backward(adapters, first, x, outputGradient, inputGradient);
    }

    private AttentionGradientSequence[] GradientSequences(
        BlockShape shape, ReadOnlySpan<int> lengths, int rows, TensorView<float> headGradient, TensorView<float> gradient, BlockActivations activations)
    {
        TensorView<float> projected = Projected(activations.Projected, shape, rows);
        TensorView<float> heads = activations.Heads.View(rows, shape.Heads * config.HeadDim);
        TensorView<float> logSumExp = activations.LogSumExp.View(rows, shape.Heads);
        var sequences = new AttentionGradientSequence[lengths.Length];
        int row = 0;
        for (int i = 0; i < lengths.Length; i++)
        {
            int count = lengths[i];
            sequences[i] = new AttentionGradientSequence
            {
                Query = Query(projected, shape).SliceRows(row, count),
                Key = Key(projected, shape).SliceRows(row, count),
                Value = Value(projected, shape).SliceRows(row, count),
                Output = heads.SliceRows(row, count),
                LogSumExp = logSumExp.SliceRows(row, count),
                OutputGradient = headGradient.SliceRows(row, count),
                QueryGradient = Query(gradient, shape).SliceRows(row, count),
                KeyGradient = Key(gradient, shape).SliceRows(row, count),
                ValueGradient = Value(gradient, shape).SliceRows(row, count),
            };
            row += count;
        }

        return sequences;
    }

    private AttentionShape Shape(int block)
    {
        BlockShape shape = config.Blocks[block];
        return new AttentionShape(shape.Heads, shape.KeyValueHeads, config.HeadDim, 1 / MathF.Sqrt(config.HeadDim), config.SlidingWindows[block]);
    }

    private TensorView<float> Projected(GrowingBuffer buffer, BlockShape shape, int rows) =>
        buffer.View(rows, (shape.Heads + (2 * shape.KeyValueHeads)) * config.HeadDim);

    private TensorView<float> Query(TensorView<float> projected, BlockShape shape) => projected.SliceColumns(0, shape.Heads * config.HeadDim);

    private TensorView<float> Key(TensorView<float> projected, BlockShape shape) =>
        projected.SliceColumns(shape.Heads * config.HeadDim, shape.KeyValueHeads * config.HeadDim);

    private TensorView<float> Value(TensorView<float> projected, BlockShape shape) =>
        projected.SliceColumns((shape.Heads + shape.KeyValueHeads) * config.HeadDim, shape.KeyValueHeads * config.HeadDim);

    private int[] Positions(ReadOnlySpan<int> lengths, int rows)
    {
        if (_positions.Length != rows)
        {
            _positions = new int[rows];
        }

        int row = 0;
        foreach (int length in lengths)
        {
            for (int i = 0; i < length; i++)
            {
                _positions[row++] = i;
            }
        }

        return _positions;
    }

    private void Copy(TensorView<float> from, TensorView<float> to) => team.For(from.Rows, 64, new RowCopy(from, to));

    private readonly struct RowCopy(TensorView<float> from, TensorView<float> to) : IForBody
    {
        public void Execute(int first, int end)
        {
            for (int row = first; row < end; row++)
            {
                from[row].CopyTo(to[row]);
            }
        }
    }
}
