using Niwaki.Kernels;
using Niwaki.Models;
using Niwaki.Numerics;
using Niwaki.Tensors;

namespace Niwaki.Training;

/// <summary>Forward and backward pass of a whole model: next-token losses and the gradients of all parameters.</summary>
/// <remarks>
/// The forward pass keeps the residual stream in front of every block; the backward pass computes the activations of a block again, a chunk of windows at a time,
/// unless there was room to keep those of all blocks. Memory: (blocks + 3) · tokens · hidden float32 numbers, the activations of one block for one chunk or all of
/// them, and the logits of a few tokens. Arithmetic is float32; the same bits for any number of threads at one vector width and any room. Not thread safe.
/// </remarks>
public sealed unsafe class ModelGradient : IDisposable
{
    /// <summary>Rows of a chunk, unless one window is longer: enough that packing the weights of a block costs little beside their products.</summary>
    private const int ChunkRows = 1024;

    private readonly ThreadTeam _team;
    private readonly long _room;
    private readonly BlockPasses _passes;
    private readonly List<BlockActivations> _activations = [];
    private readonly HeadLossGradient _head = new();
    private readonly GrowingBuffer _streams = new();
    private readonly GrowingBuffer _normed = new();
    private readonly GrowingBuffer _gradient = new();

    /// <summary>Prepares passes over a model.</summary>
    /// <param name="config">Config of the model.</param>
    /// <param name="team">Threads; must outlive this object.</param>
    /// <param name="room">Most bytes that the activations of all blocks may take, if they are to be kept; else those of one block are held.</param>
    public ModelGradient(ModelConfig config, ThreadTeam team, long room = 0)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(team);
        Config = config;
        _team = team;
        _room = room;
        _passes = new BlockPasses(config, team, RopeTable.Create(config.Rope, Math.Min(config.ContextLength, 4096)));
    }

    /// <summary>Config of the model.</summary>
    public ModelConfig Config { get; }

    /// <summary>Bytes of activations held.</summary>
    public long ScratchBytes => _passes.ScratchBytes + _activations.Sum(activations => activations.ByteLength) + _streams.ByteLength + _normed.ByteLength + _gradient.ByteLength;

    /// <summary>Whether the last backward pass found the activations of all blocks kept, and computed none again.</summary>
    public bool KeptActivations { get; private set; }

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
        ArgumentNullException.ThrowIfNull(windows);
        ArgumentNullException.ThrowIfNull(gradients);
        TrainingExample[] examples = [.. windows.Select(window => new TrainingExample(window))];
        float[] losses = new float[windows.Sum(window => window.Length)];
        Compute(new TrainableModel(parameters), examples, factor, gradients, losses: losses);
        return PerWindow(losses, windows);
    }

    /// <summary>The losses alone.</summary>
    /// <param name="parameters">Weights of the model.</param>
    /// <param name="windows">Token ids; every token but the first of its window is predicted.</param>
    /// <returns>For every window [length - 1] losses in nats; element t belongs to token t + 1.</returns>
    /// <exception cref="ArgumentException">The parameters belong to another model.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An id is outside the vocabulary.</exception>
    public float[][] Losses(ModelParameters parameters, IReadOnlyList<int[]> windows)
    {
        ArgumentNullException.ThrowIfNull(windows);
        return PerWindow(Losses(new TrainableModel(parameters), [.. windows.Select(window => new TrainingExample(window))]), windows);
    }

    /// <summary>Adds the gradients of the objective to those of what is trained.</summary>
    /// <remarks>Objective: factor · Σ over scored tokens of (loss + λ · KL(dense‖model)) + μ · stream factor · Σ over blocks and all tokens of the mean squared difference of the streams.</remarks>
    /// <param name="model">The model.</param>
    /// <param name="examples">Examples of one batch.</param>
    /// <param name="factor">What every loss counts, finite.</param>
    /// <param name="gradients">Gradients of the trained tensors, added to; with all tensors of the model or with those of its trained layout.</param>
    /// <param name="part">What the dense model has read of the examples, or null.</param>
    /// <param name="noise">Decides the dropout of adapters; null: none.</param>
    /// <param name="firstToken">Tokens of the batch in front of the first example: they drop other inputs.</param>
    /// <param name="losses">[tokens] losses in nats, written; element t belongs to token t + 1, 0 where that is not scored. Null: only their sum is wanted.</param>
    internal BatchLoss Compute(
        TrainableModel model,
        IReadOnlyList<TrainingExample> examples,
        float factor,
        ModelParameters gradients,
        TeacherPart? part = null,
        long? noise = null,
        int firstToken = 0,
        float[]? losses = null)
    {
        ThrowIfForeign(model.Weights, nameof(model));
        ThrowIfForeign(gradients, nameof(gradients));
        int[][] windows = [.. examples.Select(example => example.Ids)];
        int[] ids = [.. windows.SelectMany(window => window)];
        List<(int Row, int[] Lengths)> chunks = Chunks(windows);
        KeptActivations = Config.Blocks.Select((_, block) => BlockActivations.BytesPerToken(Config, block)).Sum() * ids.Length <= _room;
        losses ??= new float[ids.Length];
        Forward(model, ids, chunks, noise, firstToken, keepStreams: true, KeptActivations);

        TensorView<float> gradient = _gradient.View(ids.Length, Config.HiddenSize);
        double divergence = HeadBackward(model, examples, factor, gradients, losses, part, gradient);
        double hidden = 0;
        for (int block = Config.Blocks.Count - 1; block >= 0; block--)
        {
            TensorView<float> input = Stream(block, ids.Length);
            if (part is { Teacher: { HiddenWeight: > 0 } teacher, FirstToken: int first, StreamFactor: float streamFactor })
            {
                float share = (float)(2 * streamFactor * teacher.HiddenWeight / Config.HiddenSize);
                hidden += SquaredError.Of(_team, Stream(block + 1, ids.Length), teacher.Behind(block).SliceRows(first, ids.Length), share, gradient) / Config.HiddenSize;
            }

            for (int chunk = 0; chunk < chunks.Count; chunk++)
            {
                (int row, int[] lengths) = chunks[chunk];
                int rows = lengths.Sum();
                _passes.Backward(
                    new BlockParameters(model.Weights, block),
                    new BlockParameters(gradients, block),
                    AdaptersOf(model, gradients, block, firstToken + row, noise),
                    block,
                    lengths,
                    input.SliceRows(row, rows),
                    gradient.SliceRows(row, rows),
                    Activations(KeptActivations ? (block * chunks.Count) + chunk : 0),
                    KeptActivations);
            }
        }

        if (gradients.Layout.Find(TensorNames.Embedding) is { } table)
        {
            Embedding.Gradient(_team, ids, gradient, gradients[table]);
        }

        return new BatchLoss(losses.Sum(loss => (double)loss), divergence, hidden);
    }

    /// <summary>The losses alone, [tokens]; element t belongs to token t + 1, 0 where that is not scored.</summary>
    internal float[] Losses(TrainableModel model, IReadOnlyList<TrainingExample> examples)
    {
        ThrowIfForeign(model.Weights, nameof(model));
        int[][] windows = [.. examples.Select(example => example.Ids)];
        int[] ids = [.. windows.SelectMany(window => window)];
        Forward(model, ids, Chunks(windows), noise: null, firstToken: 0, keepStreams: false, keepActivations: false);
        TensorView<float> normed = _normed.View(ids.Length, Config.HiddenSize);
        ModelParameters parameters = model.Weights;
        RmsNorm.Apply(_team, Stream(0, ids.Length), parameters[parameters.Layout.Find(TensorNames.FinalNorm)!.Value][0], Config.NormEpsilon, normed);
        float[] losses = new float[ids.Length];
        _head.Losses(_team, normed, parameters[parameters.Layout.Find(ParameterLayout.HeadName(Config))!.Value], Targets(examples), losses);
        return losses;
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _passes.Dispose();
        _activations.ForEach(activations => activations.Dispose());
        _head.Dispose();
        _streams.Dispose();
        _normed.Dispose();
        _gradient.Dispose();
    }

    /// <summary>Losses, divergences and the gradient of the stream behind the last block; returns the sum of the divergences.</summary>
    private double HeadBackward(
        TrainableModel model,
        IReadOnlyList<TrainingExample> examples,
        float factor,
        ModelParameters gradients,
        float[] losses,
        TeacherPart? part,
        TensorView<float> gradient)
    {
        int tokens = gradient.Rows;
        ModelParameters parameters = model.Weights;
        TensorView<float> last = Stream(Config.Blocks.Count, tokens);
        TensorView<float> normed = _normed.View(2 * tokens, Config.HiddenSize).SliceRows(0, tokens);
        TensorView<float> normedGradient = _normed.View(2 * tokens, Config.HiddenSize).SliceRows(tokens, tokens);
        ReadOnlySpan<float> finalNorm = parameters[parameters.Layout.Find(TensorNames.FinalNorm)!.Value][0];
        TensorView<float> head = parameters[parameters.Layout.Find(ParameterLayout.HeadName(Config))!.Value];
        TensorView<float>? headGradient = gradients.Layout.Find(ParameterLayout.HeadName(Config)) is { } trained ? gradients[trained] : null;
        HeadReference? reference = part is { Teacher: { DivergenceWeight: > 0 } teacher, FirstToken: int first }
            ? new HeadReference((token, logits) => teacher.Logits(first + token, logits), (float)teacher.DivergenceWeight, new float[tokens])
            : null;
        RmsNorm.Apply(_team, last, finalNorm, Config.NormEpsilon, normed);
        _head.Compute(_team, normed, head, Targets(examples), factor, losses, normedGradient, headGradient, reference);
        Span<float> normGradient = gradients.Layout.Find(TensorNames.FinalNorm) is { } norm ? gradients[norm][0] : [];
        RmsNorm.Gradient(_team, last, finalNorm, Config.NormEpsilon, normedGradient, gradient, normGradient);
        return reference?.DivergencesNats.Sum(value => (double)value) ?? 0;
    }

    /// <summary>Fills the stream behind the embedding and every block, or leaves the last one in the first place.</summary>
    private void Forward(TrainableModel model, int[] ids, List<(int Row, int[] Lengths)> chunks, long? noise, int firstToken, bool keepStreams, bool keepActivations)
    {
        ModelParameters parameters = model.Weights;
        _streams.View(checked(ids.Length * (keepStreams ? Config.Blocks.Count + 1 : 1)), Config.HiddenSize);
        ParameterTensor table = parameters.Layout.Find(TensorNames.Embedding)!.Value;
        Embedding.Apply(_team, new WeightView(parameters[table].Pointer, ElementType.F32, table.Rows, table.Columns), ids, Stream(0, ids.Length));
        for (int block = 0; block < Config.Blocks.Count; block++)
        {
            TensorView<float> input = Stream(keepStreams ? block : 0, ids.Length);
            TensorView<float> output = Stream(keepStreams ? block + 1 : 0, ids.Length);
            for (int chunk = 0; chunk < chunks.Count; chunk++)
            {
                (int row, int[] lengths) = chunks[chunk];
                int rows = lengths.Sum();
                _passes.Forward(
                    new BlockParameters(parameters, block),
                    AdaptersOf(model, null, block, firstToken + row, noise),
                    block,
                    lengths,
                    input.SliceRows(row, rows),
                    output.SliceRows(row, rows),
                    Activations(keepActivations ? (block * chunks.Count) + chunk : 0));
            }
        }
    }

    /// <summary>The adapters of a block for the chunk that begins at a token of the batch: both passes over it drop the same inputs.</summary>
    private static BlockAdapters AdaptersOf(TrainableModel model, ModelParameters? gradients, int block, int token, long? noise) =>
        model.Adapters is null ? default : new BlockAdapters(model.Adapters, gradients, block, noise is { } seed ? SeededRandom.Mix(seed, token) : null);

    private BlockActivations Activations(int index)
    {
        while (_activations.Count <= index)
        {
            _activations.Add(new BlockActivations());
        }

        return _activations[index];
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

    /// <summary>The id that follows each token in its window; -1 behind the last and in front of those that are not scored.</summary>
    private static int[] Targets(IReadOnlyList<TrainingExample> examples) =>
    [
        .. examples.SelectMany(example => example.Ids.Select((_, t) => t + 1 < example.Ids.Length && t + 1 >= example.FirstScored ? example.Ids[t + 1] : -1)),
    ];

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
