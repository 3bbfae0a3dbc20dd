namespace Niwaki.Runs;

/// <summary>Makes a run repeatable: evaluations that the journal holds are looked up, the others are run and written to it.</summary>
/// <remarks>
/// A run asks for its evaluations in an order that follows from the recipe alone, so a resumed one meets its own past line by line and
/// goes on where that ends, with the same numbers to the last bit. Not thread safe.
/// </remarks>
public sealed class EvaluationLog
{
    private readonly Journal _journal;
    private int _next;

    /// <summary>Starts at the first evaluation of a journal.</summary>
    /// <param name="journal">The journal; not owned.</param>
    public EvaluationLog(Journal journal)
    {
        ArgumentNullException.ThrowIfNull(journal);
        _journal = journal;
        Recorded = journal.Entries.Count;
    }

    /// <summary>Evaluations that were recorded before this log began.</summary>
    public int Recorded { get; }

    /// <summary>Evaluations that were asked for so far, each counted once.</summary>
    public int Count => _next;

    /// <summary>Whether the next new key is looked up, not run.</summary>
    public bool IsReplaying => _next < Recorded;

    /// <summary>Tokens that went through the model in all evaluations asked for so far, replayed ones included.</summary>
    public long Tokens { get; private set; }

    /// <summary>Wall time of all evaluations asked for so far, replayed ones included.</summary>
    public double Seconds { get; private set; }

    /// <summary>Whether the journal holds an evaluation, asked for already or not: then it is not run again.</summary>
    /// <param name="key">Name of the evaluation.</param>
    public bool Holds(string key) => _journal.IndexOf(key) >= 0;

    /// <summary>The outcome of an evaluation.</summary>
    /// <param name="key">Name of the evaluation: 1 to 200 printable ASCII characters. The same name later gives the same outcome.</param>
    /// <param name="run">Makes the outcome; called only where the journal does not hold it. When it throws, nothing is recorded.</param>
    /// <exception cref="ArgumentException">The key is no such text.</exception>
    /// <exception cref="ReplayMismatchException">The journal holds another evaluation at this place.</exception>
    /// <exception cref="IOException">The disk is full.</exception>
    public EvaluationRecord GetOrRun(string key, Func<EvaluationRecord> run)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(run);
        int index = _journal.IndexOf(key);
        if (index >= 0 && index < _next)
        {
            return _journal.Entries[index].Record;
        }

        if (IsReplaying)
        {
            string recorded = _journal.Entries[_next].Key;
            if (recorded != key)
            {
                // The header is line 1, so entry 0 is line 2.
                throw new ReplayMismatchException(_journal.FilePath, _next + 2, recorded, key);
            }
        }
        else
        {
            _journal.Append(key, run());
        }

        EvaluationRecord record = _journal.Entries[_next++].Record;
        Tokens += record.Tokens;
        Seconds += record.Seconds;
        return record;
    }
}
