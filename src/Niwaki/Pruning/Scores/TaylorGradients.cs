using Niwaki.Formats.HuggingFace;
using Niwaki.Formats.Safetensors;
using Niwaki.Kernels;
using Niwaki.Models;
using Niwaki.Pruning.Decisions;
using Niwaki.Tensors;
using Niwaki.Training;

namespace Niwaki.Pruning.Scores;

/// <summary>Weights and the gradients of the mean calibration loss: what Taylor scores are made of. The one estimator that needs a backward pass.</summary>
/// <remarks>
/// Memory: 8 bytes a parameter, the residual streams of a batch of windows in front of every block, and the activations of one block. Gradients of batches are added
/// with their signs, as published; so the size of a batch changes nothing but rounding.
/// </remarks>
internal sealed class TaylorGradients : IDisposable
{
    private const int BatchTokens = 4096;
    private const int ChunkRows = 1024;

    private TaylorGradients(ModelConfig config)
    {
        var layout = new ParameterLayout(config);
        Weights = new ModelParameters(layout);
        Gradients = new ModelParameters(layout);
    }

    public ModelParameters Weights { get; }

    public ModelParameters Gradients { get; }

    public ModelConfig Config => Weights.Layout.Config;

    /// <summary>Passes the windows forward and backward.</summary>
    /// <param name="context">The run; told the memory before anything is loaded.</param>
    /// <param name="windows">Token ids.</param>
    /// <param name="selection">What is left of the model; null: everything.</param>
    /// <param name="biases">What is added to the biases; null: nothing.</param>
    /// <exception cref="PruningException">The memory is more than the run may take.</exception>
    public static TaylorGradients Compute(PruningContext context, IReadOnlyList<int[]> windows, ModelSelection? selection = null, OutputBiases? biases = null)
    {
        ModelConfig config = selection is null ? context.Config : context.Config.Select(selection);
        if (biases is not null)
        {
            config = config with { Features = config.Features with { OutputBias = true, MlpBias = true } };
        }

        long memory = MemoryBytes(config, windows);
        context.Notice?.Invoke(FormattableString.Invariant($"Taylor scores need gradients: about {memory / 1048576.0:N0} MiB for weights, gradients and activations."));
        if (context.MemoryBytes < memory)
        {
            throw new PruningException(
                FormattableString.Invariant($"Taylor scores need {memory:N0} bytes, expected at most {context.MemoryBytes:N0}, the memory given. ")
                + "Give more, shorter calibration windows, or a score that needs forward passes only.");
        }

        TaylorGradients? result = null;
        try
        {
            result = new TaylorGradients(config);
            Load(context.Checkpoint, context.Config, result.Weights, selection ?? ModelSelection.All(context.Config), biases);
            using var passes = new ModelGradient(config, context.Team);
            float factor = 1f / windows.Sum(window => window.Length - 1);
            foreach (int[][] batch in windows.Chunk(Math.Max(1, BatchTokens / windows.Max(window => window.Length))))
            {
                context.CancellationToken.ThrowIfCancellationRequested();
                passes.Compute(result.Weights, batch, factor, result.Gradients);
            }

            TaylorGradients computed = result;
            result = null;
            return computed;
        }
        finally
        {
            result?.Dispose();
        }
    }

    /// <summary>Memory that the scores of a model take.</summary>
    public static long MemoryBytes(ModelConfig config, IReadOnlyList<int[]> windows)
    {
        long longest = windows.Max(window => window.Length);
        long batch = Math.Min(windows.Sum(window => (long)window.Length), Math.Max(longest, BatchTokens / longest * longest));
        long rows = Math.Min(batch, Math.Max(longest, ChunkRows));
        long widest = config.Blocks.Max(shape => (6L * config.HiddenSize) + ((5L * shape.Heads) + (8L * shape.KeyValueHeads)) * config.HeadDim + (4L * shape.Neurons));
        return sizeof(float) * ((2 * new ParameterLayout(config).Count) + ((config.Blocks.Count + 4) * batch * config.HiddenSize) + (rows * widest)
            + Math.Max(4L << 20, 96L * config.VocabularySize));
    }

    /// <inheritdoc />
    public void Dispose()
    {
        Weights.Dispose();
        Gradients.Dispose();
    }

    /// <summary>Reads the weights of what is left of a model.</summary>
    private static void Load(Checkpoint checkpoint, ModelConfig source, ModelParameters weights, ModelSelection selection, OutputBiases? biases)
    {
        ModelConfig target = weights.Layout.Config;
        foreach (string name in (string[])[TensorNames.Embedding, TensorNames.FinalNorm, TensorNames.OutputHead])
        {
            if (weights.Layout.Find(name) is { } tensor)
            {
                using BorrowedWeights stored = tensor.IsMatrix ? checkpoint.Borrow(name, tensor.Rows, tensor.Columns) : checkpoint.Borrow(name, tensor.Columns);
                Copy(stored.View, null, null, weights[tensor]);
            }
        }

        for (int block = 0; block < target.Blocks.Count; block++)
        {
            int from = selection.KeptBlocks[block];
            BlockSelection kept = selection.Blocks[from];
            BlockShape shape = source.Blocks[from];
            foreach (BlockTensor tensor in BlockTensor.Of(target.Features, target.Blocks[block]))
            {
                TensorView<float> values = weights[weights.Layout.Find(tensor.NameIn(block))!.Value];
                int rows = source.Extent(tensor.Rows, shape);
                if (tensor.Columns is { } columns)
                {
                    using BorrowedWeights stored = checkpoint.Borrow(tensor.NameIn(from), rows, source.Extent(columns, shape));
                    Copy(stored.View, kept.Channels(tensor.Rows, source.HeadDim), kept.Channels(columns, source.HeadDim), values);
                }
                else if (source.Features.Has(tensor.Role))
                {
                    using BorrowedWeights stored = checkpoint.Borrow(tensor.NameIn(from), rows);
                    Copy(stored.View, null, kept.Channels(tensor.Rows, source.HeadDim), values);
                }

                if (tensor.Role is BlockTensorRole.OutputBias or BlockTensorRole.DownBias && biases?.Find(from, tensor.SubLayer) is { } added)
                {
                    for (int i = 0; i < added.Length; i++)
                    {
                        values[0][i] += added[i];
                    }
                }
            }
        }
    }

    private static void Copy(WeightView stored, int[]? rows, int[]? columns, TensorView<float> values)
    {
        float[] whole = new float[stored.Columns];
        for (int row = 0; row < values.Rows; row++)
        {
            WeightValues.Widen(stored, rows is null ? row : rows[row], whole);
            for (int column = 0; column < values.Columns; column++)
            {
                values[row][column] = whole[columns is null ? column : columns[column]];
            }
        }
    }
}
