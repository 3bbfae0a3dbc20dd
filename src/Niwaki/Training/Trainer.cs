using Niwaki.Datasets;
using Niwaki.Kernels;

namespace Niwaki.Training;

/// <summary>Trains the weights of a model on the next token of a text, step by step.</summary>
/// <remarks>What a step does follows from the weights, the moments and its number: the same bits for any number of threads, and after a resume. Not thread safe.</remarks>
public sealed class Trainer : IDisposable
{
    private readonly ModelGradient _passes;
    private readonly ModelParameters _gradients;
    private readonly TrainingWindows _windows;
    private readonly ThreadTeam _team;

    /// <summary>Prepares a training.</summary>
    /// <param name="weights">Weights to train, changed by every step; must outlive this object.</param>
    /// <param name="ids">Token ids of the text, kept; every id below the vocabulary size.</param>
    /// <param name="options">Valid options.</param>
    /// <param name="team">Threads; must outlive this object.</param>
    /// <param name="text">Name of the text in messages.</param>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    /// <exception cref="DatasetException">The text is shorter than the windows of one step.</exception>
    /// <exception cref="OutOfMemoryException">The system refuses the memory: 12 bytes a parameter.</exception>
    public Trainer(ModelParameters weights, int[] ids, TrainingOptions options, ThreadTeam team, string text = "The text")
    {
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentNullException.ThrowIfNull(ids);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(team);
        if (options.Faults() is [string fault, ..])
        {
            throw new ArgumentException(fault, nameof(options));
        }

        if (ids.Length < options.TokensPerStep)
        {
            throw new DatasetException(
                text,
                FormattableString.Invariant($"has {ids.Length:N0} tokens"),
                FormattableString.Invariant($"at least {options.TokensPerStep:N0}, those of one step ({options.Accumulation} × {options.Batch} windows of {options.Window})"),
                "Give a longer text, a smaller batch or a shorter window.");
        }

        Weights = weights;
        Options = options;
        _team = team;
        _windows = new TrainingWindows(ids, options.Window, options.Seed);
        TextHash = TextFingerprint.Of(ids);
        _gradients = new ModelParameters(weights.Layout);
        _passes = new ModelGradient(weights.Layout.Config, team);
        Optimizer = new Optimizer(weights.Layout, options, team);
    }

    /// <summary>The weights.</summary>
    public ModelParameters Weights { get; }

    /// <summary>The options.</summary>
    public TrainingOptions Options { get; }

    /// <summary>Moments and number of the steps done.</summary>
    public Optimizer Optimizer { get; }

    /// <summary>Windows of an epoch.</summary>
    public int WindowsPerEpoch => _windows.PerEpoch;

    /// <summary>Bytes for weights, gradients, moments and activations so far.</summary>
    public long MemoryBytes => (4 * sizeof(float) * Weights.Layout.Count) + _passes.ScratchBytes + _team.ScratchBytes;

    /// <summary>SHA-256 of the token ids.</summary>
    internal string TextHash { get; }

    /// <summary>Takes the next step.</summary>
    /// <exception cref="TrainingDivergedException">The loss or the norm of the gradients is not finite; weights and moments are as before.</exception>
    public TrainingStep Step()
    {
        long number = Optimizer.Step + 1;
        long predicted = (long)Options.Batch * Options.Accumulation * (Options.Window - 1);
        _gradients.Clear();
        double sum = 0;
        for (int i = 0; i < Options.Accumulation; i++)
        {
            long first = (((number - 1) * Options.Accumulation) + i) * Options.Batch;
            int[][] windows = [.. Enumerable.Range(0, Options.Batch).Select(w => _windows[first + w])];
            sum += Sum(_passes.Compute(Weights, windows, 1f / predicted, _gradients));
        }

        double loss = sum / predicted;
        double norm = Optimizer.Norm(_gradients);
        if (!double.IsFinite(loss) || !double.IsFinite(norm))
        {
            throw new TrainingDivergedException(number, loss, norm);
        }

        Optimizer.Apply(Weights, _gradients, norm);
        return new TrainingStep(number, loss, Options.Rates.Rate(number), norm);
    }

    /// <summary>The mean loss of windows that are not trained on, nats per predicted token.</summary>
    /// <param name="windows">Token ids, at least one window of two tokens.</param>
    public double Evaluate(IReadOnlyList<int[]> windows)
    {
        ArgumentNullException.ThrowIfNull(windows);
        double sum = 0;
        long predicted = 0;
        foreach (int[][] batch in windows.Chunk(Options.Batch))
        {
            float[][] losses = _passes.Losses(Weights, batch);
            sum += Sum(losses);
            predicted += losses.Sum(loss => loss.Length);
        }

        return sum / predicted;
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _passes.Dispose();
        _gradients.Dispose();
        Optimizer.Dispose();
    }

    private static double Sum(float[][] losses)
    {
        double sum = 0;
        foreach (float[] window in losses)
        {
            foreach (float loss in window)
            {
                sum += loss;
            }
        }

        return sum;
    }
}
