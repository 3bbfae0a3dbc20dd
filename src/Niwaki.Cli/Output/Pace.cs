namespace Niwaki.Cli.Output;

/// <summary>How fast work goes on, from what was reported in the last minutes: what was looked up after a resume, or went faster at first, is soon forgotten.</summary>
/// <param name="time">The clock.</param>
internal sealed class Pace(TimeProvider time)
{
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(2);

    private readonly Queue<(long Time, double Done, long Tokens)> _seen = new();
    private (long Time, double Done, long Tokens) _last;

    /// <summary>Tokens a second; null where tokens are not counted or none passed yet.</summary>
    public double? TokensPerSecond => Seconds > 0 && _last.Tokens > _seen.Peek().Tokens ? (_last.Tokens - _seen.Peek().Tokens) / Seconds : null;

    /// <summary>Seconds until all is done at this pace; null while nothing moved.</summary>
    public double? SecondsLeft => Seconds > 0 && _last.Done < 1 && _last.Done > _seen.Peek().Done ? Math.Max(0, 1 - _last.Done) * Seconds / (_last.Done - _seen.Peek().Done) : null;

    private double Seconds => _seen.Count < 2 ? 0 : time.GetElapsedTime(_seen.Peek().Time, _last.Time).TotalSeconds;

    /// <summary>Notes how far the work is.</summary>
    /// <param name="done">Share that is done, 0 to 1.</param>
    /// <param name="tokens">Tokens so far; 0 where they are not counted.</param>
    public void Add(double done, long tokens)
    {
        _last = (time.GetTimestamp(), done, tokens);
        if (_seen.Count > 0 && done < _seen.Peek().Done)
        {
            _seen.Clear();
        }

        while (_seen.Count > 1 && time.GetElapsedTime(_seen.Peek().Time, _last.Time) > Window)
        {
            _seen.Dequeue();
        }

        _seen.Enqueue(_last);
    }
}
