using Niwaki.Formats.HuggingFace;
using Niwaki.Kernels;
using Niwaki.Tensors;

namespace Niwaki.Models;

/// <summary>A decoder model ready to run: one forward pass for every architecture, block shape and set of gates.</summary>
/// <remarks>
/// Layer by layer: a set of windows passes block 0, then block 1, and so on, its residual stream in one buffer, so that weights which do not fit
/// into memory are read once for the whole set. Arithmetic is float32; the same input gives the same bits for every number of threads at one
/// vector width. Not thread safe: one pass at a time.
/// </remarks>
public sealed partial class Transformer : IDisposable
{
    private readonly ThreadTeam _team;
    private readonly WeightStore _weights;
    private readonly WeightView _embedding;
    private readonly float[] _finalNorm;
    private readonly BlockRunner _runner;
    private readonly bool _ownsWeights;

    private Transformer(ModelConfig config, ThreadTeam team, WeightStore weights, WeightView embedding, float[] finalNorm, bool ownsWeights)
    {
        _ownsWeights = ownsWeights;
        Config = config;
        _team = team;
        _weights = weights;
        _embedding = embedding;
        _finalNorm = finalNorm;
        _runner = new BlockRunner(config, team, RopeTable.Create(config.Rope, Math.Min(config.ContextLength, 4096)));
    }

    /// <summary>Sizes of the model as it runs, after the selection.</summary>
    public ModelConfig Config { get; }

    /// <summary>How its memory is spent.</summary>
    public MemoryPlan Memory => _weights.Plan;

    /// <summary>Bytes of its buffers for intermediate activations so far.</summary>
    public long ScratchBytes => _runner.ScratchBytes;

    /// <summary>Loads a model, or what a selection leaves of it.</summary>
    /// <param name="checkpoint">The model folder; must stay open while the model is used.</param>
    /// <param name="config">Config of the whole checkpoint, see <see cref="ModelConfigReader"/>.</param>
    /// <param name="team">Threads; must outlive the model.</param>
    /// <param name="options">Memory, packing and selection; null: defaults.</param>
    /// <exception cref="Formats.ModelFormatException">A tensor is missing or has another shape than the config says.</exception>
    /// <exception cref="Formats.UnsupportedModelException">A tensor's element type is none of F32, F16, BF16.</exception>
    /// <exception cref="MemoryBudgetException">The memory budget is too small.</exception>
    public static Transformer Load(Checkpoint checkpoint, ModelConfig config, ThreadTeam team, TransformerOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(team);
        options ??= new TransformerOptions();
        ModelConfig selected = options.Selection is { } selection ? config.Select(selection) : config;
        var loader = new WeightLoader(checkpoint, config, options.Selection, team, options.Format, options.Biases);
        MemoryPlan plan = PlanMemory(selected, loader, options.MemoryBytes);
        var weights = new WeightStore(loader, selected.Blocks.Count, config.VocabularySize, plan);
        try
        {
            weights.LoadResident();
            return new Transformer(selected, team, weights, loader.EmbeddingMatrix(), loader.LoadFinalNorm(), ownsWeights: true);
        }
        catch
        {
            weights.Dispose();
            throw;
        }
    }

    /// <summary>The memory that a whole model will take; nothing is loaded.</summary>
    /// <param name="checkpoint">The model.</param>
    /// <param name="config">Its config.</param>
    /// <param name="team">Threads.</param>
    /// <param name="budget">Bytes for weights and stream; null: everything stays.</param>
    /// <exception cref="MemoryBudgetException">The budget is too small.</exception>
    public static MemoryPlan PlanMemory(Checkpoint checkpoint, ModelConfig config, ThreadTeam team, long? budget)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        ArgumentNullException.ThrowIfNull(config);
        return PlanMemory(config, new WeightLoader(checkpoint, config, null, team, PackedFormat.Stored), budget);
    }

    /// <summary>Whether all weights stay in memory; otherwise some are read anew in every pass.</summary>
    public bool KeepsAllWeights => Memory.ResidentHead && Memory.ResidentBlocks == Config.Blocks.Count;

    /// <summary>The same model on other threads, so that both run at the same time.</summary>
    /// <param name="team">Threads; must outlive what is returned.</param>
    /// <returns>A model with the weights of this one, which must outlive it.</returns>
    /// <exception cref="InvalidOperationException">Not all weights stay in memory.</exception>
    public Transformer Beside(ThreadTeam team)
    {
        ArgumentNullException.ThrowIfNull(team);
        return KeepsAllWeights
            ? new Transformer(Config, team, _weights, _embedding, _finalNorm, ownsWeights: false)
            : throw new InvalidOperationException($"{Memory.ResidentBlocks} of {Config.Blocks.Count} blocks stay in memory, expected all, and the output head.");
    }

    private static MemoryPlan PlanMemory(ModelConfig selected, WeightLoader loader, long? budget) =>
        MemoryPlan.Create(selected, [.. Enumerable.Range(0, selected.Blocks.Count).Select(loader.BlockBytes)], loader.HeadBytes(), budget);

    /// <summary>Starts a pass: the embedding of every token.</summary>
    /// <param name="windows">Token ids; windows may differ in length. Kept by the stream, not copied.</param>
    /// <exception cref="ArgumentOutOfRangeException">An id is outside the vocabulary.</exception>
    public ResidualStream Embed(IReadOnlyList<int[]> windows)
    {
        ArgumentNullException.ThrowIfNull(windows);
        var stream = new ResidualStream(windows, Config.HiddenSize);
        try
        {
            int[] ids = [.. windows.SelectMany(window => window)];
            Embedding.Apply(_team, _embedding, ids, stream.Values);
            return stream;
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    /// <summary>Takes a stream through some blocks, in place.</summary>
    /// <param name="stream">Stream in front of block <paramref name="first"/>; afterwards in front of block <paramref name="end"/>.</param>
    /// <param name="first">First block.</param>
    /// <param name="end">Block behind the last.</param>
    /// <param name="gates">Gates of every window, or null where all are open.</param>
    /// <param name="tap">Receives activations, or null.</param>
    /// <exception cref="ArgumentOutOfRangeException">The range leaves the model.</exception>
    /// <exception cref="ShapeMismatchException">There are not as many gates as windows.</exception>
    public void RunBlocks(ResidualStream stream, int first, int end, IReadOnlyList<ModelGates?>? gates = null, ActivationTap? tap = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfLessThan(end, first);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(end, Config.Blocks.Count);
        if (gates is not null && gates.Count != stream.Windows.Count)
        {
            throw new ShapeMismatchException(nameof(gates), $"[{gates.Count}]", $"[{stream.Windows.Count}]");
        }

        Run(stream, first, end, new BlockPass(gates, tap));
    }

    /// <summary>The loss of every token that has a successor in its window: −ln of the probability given to the successor.</summary>
    /// <remarks>Fused with the output head: logits exist for a tile of tokens and a piece of the vocabulary at a time.</remarks>
    /// <param name="stream">Stream behind the last block; its values are normalised in place and useless afterwards.</param>
    /// <returns>For every window [length − 1] losses in nats; element t belongs to token t + 1.</returns>
    public float[][] Losses(ResidualStream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        int[] targets = new int[stream.Tokens];
        for (int window = 0; window < stream.Windows.Count; window++)
        {
            int[] ids = stream.Windows[window];
            for (int i = 0; i < ids.Length; i++)
            {
                targets[stream.FirstRow(window) + i] = i + 1 < ids.Length ? ids[i + 1] : -1;
            }
        }

        TensorView<float> hidden = stream.Values;
        RmsNorm.Apply(_team, hidden, _finalNorm, Config.NormEpsilon, hidden);
        float[] losses = new float[stream.Tokens];
        using var accumulator = new LossAccumulator(stream.Tokens);
        _weights.UseHead((piece, firstId) => accumulator.Accumulate(_team, hidden, piece, firstId, targets));
        accumulator.Finish(losses);
        return [.. stream.Windows.Select((ids, window) => losses.AsSpan(stream.FirstRow(window), Math.Max(0, ids.Length - 1)).ToArray())];
    }

    /// <summary>The logits of some tokens.</summary>
    /// <param name="stream">Stream behind the last block; not changed.</param>
    /// <param name="rows">Rows of the stream.</param>
    /// <param name="logits">[rows, vocabulary], written.</param>
    /// <exception cref="ShapeMismatchException">The logits have another shape.</exception>
    public void Logits(ResidualStream stream, ReadOnlySpan<int> rows, TensorView<float> logits)
    {
        ArgumentNullException.ThrowIfNull(stream);
        if (logits.Rows != rows.Length || logits.Columns != Config.VocabularySize)
        {
            throw new ShapeMismatchException(nameof(logits), logits.ToString(), $"[{rows.Length}, {Config.VocabularySize}]");
        }

        using var buffer = new NativeBuffer<float>((long)rows.Length * Config.HiddenSize);
        var hidden = new TensorView<float>(buffer, rows.Length, Config.HiddenSize);
        for (int i = 0; i < rows.Length; i++)
        {
            stream.Values[rows[i]].CopyTo(hidden[i]);
        }

        RmsNorm.Apply(_team, hidden, _finalNorm, Config.NormEpsilon, hidden);
        _weights.UseHead((piece, firstId) => MatMul.Apply(_team, hidden, piece, logits.SliceColumns(firstId, piece.Outputs)));
    }

    /// <summary>How far the predictions of sub-models are from those of a reference: KL(reference‖sub-model) of every token.</summary>
    /// <remarks>Logits exist for a tile of tokens at a time; those of the reference serve all sub-models.</remarks>
    /// <param name="reference">Stream of the reference behind the last block; not changed.</param>
    /// <param name="stream">Streams of the sub-models behind the last block: the windows of the reference, once for each, one sub-model after another; not changed.</param>
    /// <returns>[tokens of the stream] divergences in nats.</returns>
    /// <exception cref="ShapeMismatchException">The stream does not hold the tokens of the reference a whole number of times.</exception>
    public double[] Divergences(ResidualStream reference, ResidualStream stream)
    {
        ArgumentNullException.ThrowIfNull(reference);
        ArgumentNullException.ThrowIfNull(stream);
        if (reference.Tokens == 0 || stream.Tokens % reference.Tokens != 0)
        {
            throw new ShapeMismatchException(nameof(stream), stream.Values.ToString(), reference.Values.ToString());
        }

        const long TileBytes = 16L << 20;
        int tile = (int)Math.Clamp(TileBytes / ((long)Config.VocabularySize * sizeof(float)), 16, reference.Tokens + 15);
        using var expected = new NativeBuffer<float>((long)tile * Config.VocabularySize);
        using var found = new NativeBuffer<float>((long)tile * Config.VocabularySize);
        double[] divergences = new double[stream.Tokens];
        for (int first = 0; first < reference.Tokens; first += tile)
        {
            int rows = Math.Min(tile, reference.Tokens - first);
            var expectedLogits = new TensorView<float>(expected, rows, Config.VocabularySize);
            var logits = new TensorView<float>(found, rows, Config.VocabularySize);
            Logits(reference, [.. Enumerable.Range(first, rows)], expectedLogits);
            for (int start = first; start < stream.Tokens; start += reference.Tokens)
            {
                Logits(stream, [.. Enumerable.Range(start, rows)], logits);
                KullbackLeibler.Apply(_team, expectedLogits, logits, divergences.AsSpan(start, rows));
            }
        }

        return divergences;
    }

    /// <summary>Adds tokens to some sequences and gives the logits behind the last token of each.</summary>
    /// <param name="caches">What each sequence holds so far; longer by the new tokens afterwards.</param>
    /// <param name="tokens">One or more new tokens of each sequence.</param>
    /// <param name="logits">[sequences, vocabulary], written.</param>
    /// <exception cref="ShapeMismatchException">Counts differ, or the logits have another shape.</exception>
    /// <exception cref="ArgumentException">A sequence gets no token, or its cache is too short.</exception>
    public void Extend(IReadOnlyList<KeyValueCache> caches, IReadOnlyList<int[]> tokens, TensorView<float> logits)
    {
        using ResidualStream stream = Append(caches, tokens);
        int[] lastRows = [.. Enumerable.Range(1, stream.Windows.Count).Select(next => stream.FirstRow(next) - 1)];
        Logits(stream, lastRows, logits);
    }

    /// <summary>Adds tokens to some sequences, without the output head.</summary>
    /// <param name="caches">What each sequence holds so far; longer by the new tokens afterwards.</param>
    /// <param name="tokens">One or more new tokens of each sequence.</param>
    /// <returns>The stream of the new tokens behind the last block.</returns>
    /// <exception cref="ShapeMismatchException">Counts differ.</exception>
    /// <exception cref="ArgumentException">A sequence gets no token, or its cache is too short.</exception>
    public ResidualStream Append(IReadOnlyList<KeyValueCache> caches, IReadOnlyList<int[]> tokens)
    {
        ArgumentNullException.ThrowIfNull(caches);
        ArgumentNullException.ThrowIfNull(tokens);
        if (caches.Count != tokens.Count)
        {
            throw new ShapeMismatchException(nameof(tokens), $"[{tokens.Count}]", $"[{caches.Count}]");
        }

        for (int i = 0; i < caches.Count; i++)
        {
            if (tokens[i].Length == 0 || caches[i].Length + tokens[i].Length > caches[i].Capacity)
            {
                throw new ArgumentException(
                    $"Sequence {i} holds {caches[i].Length} tokens and gets {tokens[i].Length}, expected 1 or more and at most {caches[i].Capacity} together.",
                    nameof(tokens));
            }
        }

        ResidualStream stream = Embed(tokens);
        try
        {
            Run(stream, 0, Config.Blocks.Count, new BlockPass(null, null, caches));
        }
        catch
        {
            stream.Dispose();
            throw;
        }

        for (int i = 0; i < tokens.Count; i++)
        {
            caches[i].Advance(tokens[i].Length);
        }

        return stream;
    }

    /// <summary>Runs work that belongs to a pass, such as choosing tokens from logits, on the threads of the model.</summary>
    /// <param name="count">Iterations.</param>
    /// <param name="body">Does one; they may run at the same time and in any order.</param>
    public void ForEach(int count, Action<int> body) => _team.For(count, 1, body);

    /// <inheritdoc />
    public void Dispose()
    {
        _runner.Dispose();
        if (_ownsWeights)
        {
            _weights.Dispose();
        }
    }

    private void Run(ResidualStream stream, int first, int end, BlockPass pass)
    {
        for (int block = first; block < end; block++)
        {
            int index = block;
            _weights.UseBlock(index, weights => _runner.Run(weights, index, stream, pass));
        }
    }
}
