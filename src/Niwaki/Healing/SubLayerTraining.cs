using System.Diagnostics;
using Niwaki.Formats.HuggingFace;
using Niwaki.Formats.Safetensors;
using Niwaki.Kernels;
using Niwaki.Models;
using Niwaki.Numerics;
using Niwaki.Tensors;
using Niwaki.Training;

namespace Niwaki.Healing;

/// <summary>One sub-layer with its optimiser: everything that training it alone needs, and nothing of other sub-layers.</summary>
internal sealed class SubLayerTraining : IDisposable
{
    /// <summary>Rows that pass the sub-layer at once where the loss of all windows is measured.</summary>
    private const int MeasuredRows = 2048;

    private readonly ReconstructionOptions _options;
    private readonly ThreadTeam _team;
    private readonly BlockPasses _passes;
    private readonly BlockActivations _activations = new();
    private readonly NativeBuffer<float> _rows;
    private readonly NativeBuffer<float> _best;

    /// <summary>Reads the sub-layer of a block.</summary>
    public SubLayerTraining(
        Checkpoint checkpoint, ModelConfig config, int block, SubLayer subLayer, RopeTable rope, ReconstructionOptions options, ThreadTeam team)
    {
        BlockShape whole = config.Blocks[block];
        BlockShape shape = subLayer == SubLayer.Attention ? whole with { Neurons = 0 } : new BlockShape(0, 0, whole.Neurons);
        ModelConfig alone = config with { Blocks = [shape], SlidingWindows = [config.SlidingWindows[block]] };
        BlockTensor[] tensors = [.. BlockTensor.Of(config.Features, shape)];
        var layout = new ParameterLayout(alone, tensors.Select(tensor => tensor.Columns is { } columns
            ? new ParameterTensor(tensor.NameIn(0), config.Extent(tensor.Rows, shape), config.Extent(columns, shape), 0, IsMatrix: true)
            : new ParameterTensor(tensor.NameIn(0), 1, config.Extent(tensor.Rows, shape), 0, IsMatrix: false)));
        _options = options;
        _team = team;
        Names = [.. tensors.Select(tensor => tensor.NameIn(block))];
        Weights = new ModelParameters(layout);
        Gradients = new ModelParameters(layout);
        Optimizer = new Optimizer(
            layout,
            new TrainingOptions { Steps = options.Steps, LearningRate = options.LearningRate, Schedule = ScheduleKind.Linear, FinalShare = 0, WarmUpSteps = options.Steps / 20, Beta2 = 0.99, WeightDecay = 0 },
            team);
        _passes = new BlockPasses(alone, team, rope);
        _rows = new NativeBuffer<float>(4 * Math.Max((long)Math.Min(options.Batch, options.Windows) * options.Window, MeasuredRows + options.Window) * config.HiddenSize);
        _best = new NativeBuffer<float>(layout.Count);
        for (int i = 0; i < layout.Tensors.Count; i++)
        {
            ParameterTensor tensor = layout.Tensors[i];
            using BorrowedWeights stored = tensor.IsMatrix ? checkpoint.Borrow(Names[i], tensor.Rows, tensor.Columns) : checkpoint.Borrow(Names[i], tensor.Columns);
            for (int row = 0; row < tensor.Rows; row++)
            {
                WeightValues.Widen(stored.View, row, Weights[tensor][row]);
            }
        }

        Keep();
    }

    /// <summary>Names of the tensors in the checkpoint, in the order of the layout.</summary>
    public IReadOnlyList<string> Names { get; }

    public ModelParameters Weights { get; }

    private ModelParameters Gradients { get; }

    private Optimizer Optimizer { get; }

    /// <summary>Bytes of weights, gradients, moments and activations.</summary>
    public long MemoryBytes => (5 * sizeof(float) * Weights.Layout.Count) + _passes.ScratchBytes + _activations.ByteLength + _rows.ByteLength;

    /// <summary>Trains the sub-layer; keeps the weights that it began with where those behind the last step are no better on all windows.</summary>
    /// <param name="input">Residual stream in front of it, [windows · window, hidden].</param>
    /// <param name="target">Residual stream wanted behind it, the same shape.</param>
    /// <param name="seed">Decides the order of the windows.</param>
    /// <param name="cancellationToken">Looked at between steps.</param>
    /// <returns>Σ of squared differences from the target before and after, over that of the input from it.</returns>
    /// <exception cref="TrainingInterruptedException">An error or gradients are no finite numbers; the weights are those that it began with.</exception>
    public (double Before, double After) Run(TensorView<float> input, TensorView<float> target, long seed, CancellationToken cancellationToken)
    {
        double scale = Math.Max(double.Epsilon, SquaredError.Of(_team, input, target));
        double before = Error(input, target) / scale;
        int[] order = Order(input);
        int step = 0;
        for (int epoch = 0; epoch < _options.Epochs; epoch++)
        {
            new SeededRandom(seed, epoch).Shuffle(order.AsSpan());
            foreach (int[] batch in order.Chunk(_options.Batch))
            {
                cancellationToken.ThrowIfCancellationRequested();
                step++;
                (double error, double norm) = Step(input, target, batch);
                if (!double.IsFinite(error) || !double.IsFinite(norm))
                {
                    Restore();
                    throw new TrainingInterruptedException(FormattableString.Invariant(
                        $"Step {step}: mean squared error is {error} and norm of the gradients {norm}, expected finite numbers. A lower learning rate may help."));
                }
            }
        }

        double after = Error(input, target) / scale;
        if (after < before)
        {
            return (before, after);
        }

        Restore();
        return (before, before);
    }

    /// <summary>Takes a few steps to tell how long <see cref="Run"/> would take, seconds.</summary>
    /// <param name="input">Residual stream in front of it, [windows · window, hidden].</param>
    /// <param name="target">Residual stream wanted behind it, the same shape.</param>
    public double SecondsOfRun(TensorView<float> input, TensorView<float> target)
    {
        const int Steps = 3;
        int[] batch = Order(input)[..Math.Min(_options.Batch, input.Rows / _options.Window)];
        Step(input, target, batch);
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < Steps; i++)
        {
            Step(input, target, batch);
        }

        double steps = Stopwatch.GetElapsedTime(start).TotalSeconds / Steps * _options.Steps;
        start = Stopwatch.GetTimestamp();
        Error(input, target);
        Restore();
        return steps + (2 * Stopwatch.GetElapsedTime(start).TotalSeconds);
    }

    /// <summary>Takes a stream through the sub-layer, in place.</summary>
    public void Apply(TensorView<float> stream) => ForEachPart(stream, (part, output) =>
    {
        for (int row = 0; row < output.Rows; row++)
        {
            output[row].CopyTo(part[row]);
        }
    });

    public void Dispose()
    {
        Weights.Dispose();
        Gradients.Dispose();
        Optimizer.Dispose();
        _passes.Dispose();
        _activations.Dispose();
        _rows.Dispose();
        _best.Dispose();
    }

    private int[] Order(TensorView<float> input) => [.. Enumerable.Range(0, input.Rows / _options.Window)];

    /// <summary>Takes a step; returns the mean squared error before it and the norm of the gradients.</summary>
    private (double Error, double Norm) Step(TensorView<float> input, TensorView<float> target, int[] batch)
    {
        int rows = batch.Length * _options.Window;
        TensorView<float> x = Part(0, rows, input.Columns), t = Part(1, rows, input.Columns), output = Part(2, rows, input.Columns), gradient = Part(3, rows, input.Columns);
        for (int row = 0; row < rows; row++)
        {
            int source = (batch[row / _options.Window] * _options.Window) + (row % _options.Window);
            input[source].CopyTo(x[row]);
            target[source].CopyTo(t[row]);
            gradient[row].Clear();
        }

        int[] lengths = [.. Enumerable.Repeat(_options.Window, batch.Length)];
        Gradients.Clear();
        _passes.Forward(new BlockParameters(Weights, 0), default, 0, lengths, x, output, _activations);
        double error = SquaredError.Of(_team, output, t, 2f / ((long)rows * input.Columns), gradient) / ((double)rows * input.Columns);
        _passes.Backward(new BlockParameters(Weights, 0), new BlockParameters(Gradients, 0), default, 0, lengths, x, gradient, _activations, kept: true);
        double norm = Optimizer.Norm(Gradients);
        if (double.IsFinite(error) && double.IsFinite(norm))
        {
            Optimizer.Apply(new TrainableModel(Weights), Gradients, norm);
        }

        return (error, norm);
    }

    private double Error(TensorView<float> input, TensorView<float> target)
    {
        double sum = 0;
        int row = 0;
        ForEachPart(input, (part, output) =>
        {
            sum += SquaredError.Of(_team, output, target.SliceRows(row, part.Rows));
            row += part.Rows;
        });
        return double.IsFinite(sum) ? sum : double.PositiveInfinity;
    }

    private void ForEachPart(TensorView<float> stream, Action<TensorView<float>, TensorView<float>> use)
    {
        int windows = Math.Max(1, MeasuredRows / _options.Window);
        for (int row = 0; row < stream.Rows; row += windows * _options.Window)
        {
            int rows = Math.Min(windows * _options.Window, stream.Rows - row);
            TensorView<float> part = stream.SliceRows(row, rows), output = Part(0, rows, stream.Columns);
            _passes.Forward(new BlockParameters(Weights, 0), default, 0, [.. Enumerable.Repeat(_options.Window, rows / _options.Window)], part, output, _activations);
            use(part, output);
        }
    }

    private unsafe TensorView<float> Part(int index, int rows, int columns) => new(_rows.Pointer + ((long)index * (_rows.Length / 4)), rows, columns, columns);

    private unsafe void Keep() => Buffer.MemoryCopy(Weights.Pointer, _best.Pointer, _best.ByteLength, _best.ByteLength);

    private unsafe void Restore() => Buffer.MemoryCopy(_best.Pointer, Weights.Pointer, _best.ByteLength, _best.ByteLength);
}
