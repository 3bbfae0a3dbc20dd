using System.Diagnostics;
using System.Globalization;

namespace Niwaki.Cli.Output;

/// <summary>Shows how far a count is, with rate and remaining time: a line that is written over for a person, one a minute otherwise.</summary>
internal sealed class CountDisplay : IProgress<int>
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private readonly Terminal _terminal;
    private readonly string _what;
    private readonly int _total;
    private readonly bool _quiet;
    private readonly long _start = Stopwatch.GetTimestamp();
    private TimeSpan _shown;

    /// <param name="terminal">Where to.</param>
    /// <param name="what">What is counted, such as the name of a task.</param>
    /// <param name="total">Where the count ends.</param>
    /// <param name="quiet">Show nothing unless a person looks at it.</param>
    public CountDisplay(Terminal terminal, string what, int total, bool quiet)
    {
        _terminal = terminal;
        _what = what;
        _total = total;
        _quiet = quiet;
    }

    /// <inheritdoc />
    public void Report(int value)
    {
        TimeSpan since = Stopwatch.GetElapsedTime(_start);
        if (_terminal.DrawsProgress)
        {
            _terminal.Error.Write($"\r{Line(value, since),-78}{(value >= _total ? "\r" + new string(' ', 78) + "\r" : "")}");
        }
        else if (!_quiet && since - _shown >= Minute && value < _total)
        {
            _shown = since;
            _terminal.Error.WriteLine(Line(value, since));
        }
    }

    private string Line(int value, TimeSpan since)
    {
        double rate = value / Math.Max(since.TotalSeconds, 1e-9);
        string left = Quantity.Duration((_total - value) / Math.Max(rate, 1e-9));
        return string.Create(CultureInfo.InvariantCulture, $"{_what}: {value:N0} of {_total:N0}, {rate:0.0} a second, {left} left");
    }
}
