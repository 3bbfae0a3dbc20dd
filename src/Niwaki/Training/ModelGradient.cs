using Niwaki.Kernels;
using Niwaki.Models;
using Niwaki.Tensors;

namespace Niwaki.Training;

/// <summary>Forward and backward pass of a whole model: next-token losses and the gradients of all parameters.</summary>
/// <remarks>
/// The forward pass keeps the residual stream in front of every block; the backward pass computes the activations of a block again, a chunk of windows at a time.
/// Memory: (blocks + 3) · tokens · hidden float32 numbers, the activations of one block for one chunk, and the logits of a few tokens. Arithmetic is float32; the
/// same bits for any number of threads at one vector width. Not thread safe.
/// </remarks>
public sealed unsafe class ModelGradient : IDisposable
{
    /// <summary>Rows of a chunk, unless one window is longer: enough that packing the weights of a block costs little beside their products.</summary>
    private const int ChunkRows = 1024;

    private readonly ThreadTeam _team;
    private readonly BlockPasses _passes;
    private readonly HeadLossGradient _head = new();
    private readonly GrowingBuffer _streams = new();
    private readonly GrowingBuffer _normed = new();
    private readonly GrowingBuffer _gradient = new();

    /// <summary>Prepares passes over a model.</summary>
    /// <param name="config">Config of the model.</param>
    /// <param name="team">Threads; must outlive this object.</param>
    public ModelGradient(ModelConfig config, ThreadTeam team)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(team);
        Config = config;
        _team = team;
        _passes = new BlockPasses(config, team, RopeTable.Create(config.Rope, Math.Min(config.ContextLength, 4096)));
    }

    /// <summary>Config of the model.</summary>
    public ModelConfig Config { get; }

    /// <summary>Bytes of activations held.</summary>
    public long ScratchBytes => _passes.ScratchBytes + _streams.ByteLength + _normed.ByteLength + _gradient.ByteLength;

    /// <summary>Adds the gradients of factor · Σ losses to those of the parameters.</summary>
    /// <param name="parameters">Weights of the model.</param>
    /// <param name="windows">Token ids; every token but the first of its window is predicted. Windows may differ in length.</param>
    /// <param name="factor">What every loss counts, finite: 1 / predicted tokens for the gradient of the mean.</param>
    /// <param name="gradients">Gradients, added to.</param>
    /// <returns>For every window [length - 1] losses in nats; element t belongs to token t + 1.</returns>
    /// <exception cref="ArgumentException">The parameters or gradients belong to another model.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An id is outside the vocabulary, or the factor is not finite.</exception>
    public float[][] Compute(ModelParameters parameters, IReadOnlyList<int[]> windows, float factor, ModelParameters gradients)
    {
        ThrowIfForeign(parameters, nameof(parameters));
        ThrowIfForeign(gradients, nameof(gradients));
        ArgumentNullException.ThrowIfNull(windows);
        int[] ids = [.. windows.SelectMany(window => window)];
        List<(int Row, int[] Lengths)> chunks = Chunks(windows);
        Forward(parameters, ids, chunks, keep: true);

        TensorView<float> last = Stream(Config.Blocks.Count, ids.Length);
        TensorView<float> normed = _normed.View(2 * ids.Length, Config.HiddenSize).SliceRows(0, ids.Length);
        TensorView<float> normedGradient = _normed.View(2 * ids.Length, Config.HiddenSize).SliceRows(ids.Length, ids.Length);
        TensorView<float> gradient = _gradient.View(ids.Length, Config.HiddenSize);
        ParameterTensor finalNorm = Tensor(TensorNames.FinalNorm);
        ParameterTensor head = Tensor(Config.TiedEmbeddings ? TensorNames.Embedding : TensorNames.OutputHead);
        float[] losses = new float[ids.Length];
        RmsNorm.Apply(_team, last, parameters[finalNorm][0], Config.NormEpsilon, normed);
        _head.Compute(_team, normed, parameters[head], Targets(windows), factor, losses, normedGradient, gradients[head]);
        RmsNorm.Gradient(_team, last, parameters[finalNorm][0], Config.NormEpsilon, normedGradient, gradient, gradients[finalNorm][0]);
        for (int block = Config.Blocks.Count - 1; block >= 0; block--)
        {
            TensorView<float> input = Stream(block, ids.Length);
            foreach ((int row, int[] lengths) in chunks)
            {
                int rows = lengths.Sum();
                _passes.Backward(
                    new BlockParameters(parameters, block), new BlockParameters(gradients, block), block, lengths, input.SliceRows(row, rows), gradient.SliceRows(row, rows));
            }
        }

        Embedding.Gradient(_team, ids, gradient, gradients[Tensor(TensorNames.Embedding)]);
        return PerWindow(losses, windows);

        ParameterTensor Tensor(string name) => parameters.Layout.Find(name)!.Value;
    }

    /// <summary>The losses alone.</summary>
    /// <param name="parameters">Weights of the model.</param>
    /// <param name="windows">Token ids; every token but the first of its window is predicted.</param>
    /// <returns>For every window [length - 1] losses in nats; element t belongs to token t + 1.</returns>
    /// <exception cref="ArgumentException">The parameters belong to another model.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An id is outside the vocabulary.</exception>
    public float[][] Losses(ModelParameters parameters, IReadOnlyList<int[]> windows)
    {
        ThrowIfForeign(parameters, nameof(parameters));
        ArgumentNullException.ThrowIfNull(windows);
        int[] ids = [.. windows.SelectMany(window => window)];
        Forward(parameters, ids, Chunks(windows), keep: false);
        TensorView<float> normed = _normed.View(ids.Length, Config.HiddenSize);
        ParameterTensor head = parameters.Layout.Find(Config.TiedEmbeddings ? TensorNames.Embedding : TensorNames.OutputHead)!.Value;
        RmsNorm.Apply(_team, Stream(0, ids.Length), parameters[parameters.Layout.Find(TensorNames.FinalNorm)!.Value][0], Config.NormEpsilon, normed);
        float[] losses = new float[ids.Length];
        _head.Losses(_team, normed, parameters[head], Targets(windows), losses);
        return PerWindow(losses, windows);
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _passes.Dispose();
        _head.Dispose();
        _streams.Dispose();
        _normed.Dispose();
        _gradient.Dispose();
    }

    /// <summary>Fills the stream behind the embedding and every block, or leaves the last one in the first place.</summary>
    private void Forward(ModelParameters parameters, int[] ids, List<(int Row, int[] Lengths)> chunks, bool keep)
    {
        _streams.View(checked(ids.Length * (keep ? Config.Blocks.Count + 1 : 1)), Config.HiddenSize);
        ParameterTensor table = parameters.Layout.Find(TensorNames.Embedding)!.Value;
        Embedding.Apply(_team, new WeightView(parameters[table].Pointer, ElementType.F32, table.Rows, table.Columns), ids, Stream(0, ids.Length));
        for (int block = 0; block < Config.Blocks.Count; block++)
        {
            TensorView<float> input = Stream(keep ? block : 0, ids.Length);
            TensorView<float> output = Stream(keep ? block + 1 : 0, ids.Length);
            foreach ((int row, int[] lengths) in chunks)
            {
                int rows = lengths.Sum();
                _passes.Forward(new BlockParameters(parameters, block), block, lengths, input.SliceRows(row, rows), output.SliceRows(row, rows));
            }
        }
    }

    private TensorView<float> Stream(int boundary, int tokens) =>
        new(_streams.View(tokens, Config.HiddenSize).Pointer + ((long)boundary * tokens * Config.HiddenSize), tokens, Config.HiddenSize, Config.HiddenSize);

    private static List<(int Row, int[] Lengths)> Chunks(IReadOnlyList<int[]> windows)
    {
        var chunks = new List<(int, int[])>();
        var lengths = new List<int>();
        int first = 0;
        int rows = 0;
        foreach (int[] window in windows)
        {
            if (rows > 0 && rows + window.Length > ChunkRows)
            {
                chunks.Add((first, [.. lengths]));
                first += rows;
                rows = 0;
                lengths.Clear();
            }

            lengths.Add(window.Length);
            rows += window.Length;
        }

        if (rows > 0)
        {
            chunks.Add((first, [.. lengths]));
        }

        return chunks;
    }

    /// <summary>The id that follows each token in its window; -1 behind the last.</summary>
    private static int[] Targets(IReadOnlyList<int[]> windows) => [.. windows.SelectMany(window => window.Length == 0 ? [] : window[1..].Append(-1))];

    private static float[][] PerWindow(float[] losses, IReadOnlyList<int[]> windows)
    {
        float[][] result = new float[windows.Count][];
        int row = 0;
        for (int i = 0; i < result.Length; i++)
        {
            result[i] = losses.AsSpan(row, Math.Max(0, windows[i].Length - 1)).ToArray();
            row += windows[i].Length;
        }

        return result;
    }

    private void ThrowIfForeign(ModelParameters parameters, string name)
    {
        ArgumentNullException.ThrowIfNull(parameters, name);
        if (!ReferenceEquals(parameters.Layout.Config, Config))
        {
            throw new ArgumentException($"Parameters '{name}' have {parameters.Layout.Count} elements of another model, expected those of the config given first.", name);
        }
    }
}
