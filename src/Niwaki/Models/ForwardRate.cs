using System.Diagnostics;

namespace Niwaki.Models;

/// <summary>How fast whole passes run on this machine now, the output head and the loss included.</summary>
public static class ForwardRate
{
    private const int Windows = 4;
    private const double SmallestSeconds = 0.5;

    /// <summary>Runs passes over made-up windows for half a second or more, after one that readies the buffers.</summary>
    /// <param name="model">The model.</param>
    /// <param name="window">Tokens of a window, 2 or more.</param>
    /// <param name="cancellationToken">Ends the measurement.</param>
    /// <returns>Tokens a second.</returns>
    /// <exception cref="OperationCanceledException">The measurement was ended.</exception>
    public static double Measure(Transformer model, int window, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentOutOfRangeException.ThrowIfLessThan(window, 2);
        int[][] sample = [.. Enumerable.Range(0, Windows).Select(i => Enumerable.Range(0, window).Select(t => (i + t) % model.Config.VocabularySize).ToArray())];
        ForwardPass.Losses(model, sample, cancellationToken: cancellationToken);
        long start = Stopwatch.GetTimestamp();
        long tokens = 0;
        double seconds;
        do
        {
            ForwardPass.Losses(model, sample, cancellationToken: cancellationToken);
            tokens += (long)Windows * window;
            seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        }
        while (seconds < SmallestSeconds);
        return tokens / seconds;
    }
}
