namespace Niwaki.Tests.Cli.Output;

/// <summary>A clock that a test moves; its timers fire when it moves.</summary>
internal sealed class ManualTime : TimeProvider
{
    private readonly List<Action> _timers = [];
    private long _ticks;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => _ticks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        _timers.Add(() => callback(state));
        return new Timer();
    }

    public void Advance(double seconds)
    {
        _ticks += TimeSpan.FromSeconds(seconds).Ticks;
        _timers.ForEach(fire => fire());
    }

    private sealed class Timer : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => true;

        public void Dispose()
        {
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
