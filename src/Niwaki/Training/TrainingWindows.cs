using Niwaki.Numerics;

namespace Niwaki.Training;

/// <summary>The windows of a training, in an order that follows from the seed: every epoch sees every token once, in windows cut and shuffled anew.</summary>
/// <remarks>The first window of an epoch begins at a random place within the length of a window; fewer than two windows of tokens stay out of an epoch.</remarks>
public sealed class TrainingWindows : ITrainingExamples
{
    private readonly int[] _ids;
    private readonly int _window;
    private readonly long _seed;
    private readonly int[] _order;
    private long _epoch = -1;
    private int _start;

    /// <summary>Cuts tokens.</summary>
    /// <param name="ids">Token ids of the whole text; kept.</param>
    /// <param name="window">Tokens of a window, 2 or more.</param>
    /// <param name="seed">Decides the order.</param>
    /// <exception cref="ArgumentOutOfRangeException">The window is too small, or there are fewer tokens than one window has.</exception>
    public TrainingWindows(int[] ids, int window, long seed)
    {
        ArgumentNullException.ThrowIfNull(ids);
        ArgumentOutOfRangeException.ThrowIfLessThan(window, 2);
        ArgumentOutOfRangeException.ThrowIfLessThan(ids.Length, window, nameof(ids));
        _ids = ids;
        _window = window;
        _seed = seed;
        _order = new int[Math.Max(1, (ids.Length - window + 1) / window)];
        Fingerprint = TextFingerprint.Of(ids);
    }

    /// <summary>Windows of an epoch.</summary>
    public int PerEpoch => _order.Length;

    /// <inheritdoc />
    public string Fingerprint { get; }

    /// <summary>A window, a copy; all its tokens but the first are predicted.</summary>
    /// <param name="index">Number of the window in the training, counted from 0 over all epochs.</param>
    public TrainingExample this[long index]
    {
        get
        {
            long epoch = index / PerEpoch;
            if (epoch != _epoch)
            {
                Begin(epoch);
            }

            int first = _start + (_order[(int)(index % PerEpoch)] * _window);
            return new TrainingExample(_ids.AsSpan(first, _window).ToArray());
        }
    }

    private void Begin(long epoch)
    {
        var random = new SeededRandom(_seed, epoch);
        int spare = _ids.Length - (PerEpoch * _window);
        _start = random.NextInt(Math.Min(spare + 1, _window));
        for (int i = 0; i < _order.Length; i++)
        {
            _order[i] = i;
        }

        random.Shuffle(_order.AsSpan());
        _epoch = epoch;
    }
}
