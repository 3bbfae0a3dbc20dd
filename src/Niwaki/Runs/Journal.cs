using Niwaki.Formats;

namespace Niwaki.Runs;

/// <summary>The evaluations of a run, one JSON line each, in the order in which they happened.</summary>
/// <remarks>
/// A line is flushed to disk before <see cref="Append"/> returns. A process killed while it writes leaves a last line without an end;
/// opening the journal again removes it. Every other fault is an error, never skipped. Not thread safe; the lock of the
/// <see cref="RunFolder"/> keeps other processes away.
/// </remarks>
public sealed class Journal : IDisposable
{
    /// <summary>More evaluations than any run makes; a bound on memory for a file from elsewhere.</summary>
    private const int MaxEntries = 10_000_000;

    private readonly FileStream _stream;
    private readonly List<JournalEntry> _entries = [];
    private readonly Dictionary<string, int> _positions = new(StringComparer.Ordinal);

    private Journal(FileStream stream, string vectorPath, string? source)
    {
        _stream = stream;
        VectorPath = vectorPath;
        RecordedVectorPath = vectorPath;
        RecordedSource = source;
    }

    /// <summary>Path of the file.</summary>
    public string FilePath => _stream.Name;

    /// <summary>Vector width of this process.</summary>
    public string VectorPath { get; }

    /// <summary>Vector width of the process that began the journal. On another one a resumed run need not end in the same bits.</summary>
    public string RecordedVectorPath { get; private set; }

    /// <summary>What tells the weights that the journal began with from others; null where it began without.</summary>
    public string? RecordedSource { get; private set; }

    /// <summary>All evaluations so far.</summary>
    public IReadOnlyList<JournalEntry> Entries => _entries;

    /// <summary>Opens a journal, or begins one where there is none.</summary>
    /// <param name="path">The file; its folder exists.</param>
    /// <param name="vectorPath">Vector width of this process: 1 to 200 printable ASCII characters.</param>
    /// <param name="source">Tells the weights of the model from others, such as a hash, the same kind of text; null: not known.</param>
    /// <exception cref="ArgumentException">The vector width or the source is no such text.</exception>
    /// <exception cref="ModelFormatException">A line is no entry of a journal, is too long, or repeats a key.</exception>
    /// <exception cref="IOException">The file cannot be read or written.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read or written.</exception>
    public static Journal Open(string path, string vectorPath, string? source = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ThrowIfNoName(vectorPath, nameof(vectorPath));
        ThrowIfNoName(source ?? vectorPath, nameof(source));

        // Without a buffer every Write is one call to the system, so that a line is torn at most once.
        FileStream stream = new(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read, bufferSize: 0);
        var journal = new Journal(stream, vectorPath, source);
        try
        {
            journal.Load();
            return journal;
        }
        catch
        {
            journal.Dispose();
            throw;
        }
    }

    /// <summary>Reads the evaluations of a journal and changes nothing, for somebody who shows them.</summary>
    /// <param name="path">The file.</param>
    /// <returns>Evaluations in their order.</returns>
    /// <exception cref="ModelFormatException">A line is no entry of a journal, or is too long.</exception>
    /// <exception cref="IOException">The file does not exist or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    public static IReadOnlyList<JournalEntry> ReadEntries(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
        List<JournalEntry> entries = [];
        foreach ((ReadOnlyMemory<byte> line, long byteOffset) in JournalLines.Read(stream))
        {
            if (byteOffset == 0)
            {
                JournalLine.ReadHeader(line, path);
            }
            else
            {
                entries.Add(JournalLine.ReadEntry(line, path, byteOffset));
            }

            ThrowIfTooMany(path, entries.Count, byteOffset);
        }

        return entries;
    }

    /// <summary>Writes an evaluation to the end and to the disk.</summary>
    /// <param name="key">Name of the evaluation: 1 to 200 printable ASCII characters, not yet in the journal.</param>
    /// <param name="record">Its outcome; tokens and seconds are 0 or more.</param>
    /// <exception cref="ArgumentException">The key is no such text, or the journal has it; tokens or seconds are below 0 or not finite.</exception>
    /// <exception cref="IOException">The disk is full.</exception>
    public void Append(string key, EvaluationRecord record)
    {
        ThrowIfNoName(key, nameof(key));
        if (record.Tokens < 0 || record.Seconds < 0 || !double.IsFinite(record.Seconds))
        {
            string found = $"{MessageText.Count(record.Tokens)} tokens and {ScalarText.Number(record.Seconds)} seconds";
            throw new ArgumentException($"Evaluation '{key}' took {found}, expected 0 or more of both.", nameof(record));
        }

        if (_positions.ContainsKey(key))
        {
            throw new ArgumentException($"Key '{key}' is in the journal already, expected a new one.", nameof(key));
        }

        var entry = new JournalEntry(key, record);
        WriteLine(JournalLine.Entry(entry));
        Keep(entry);
    }

    /// <summary>Looks an evaluation up.</summary>
    /// <param name="key">Name of the evaluation.</param>
    /// <returns>Its place in <see cref="Entries"/>, or -1 when the journal does not have it.</returns>
    public int IndexOf(string key) => _positions.TryGetValue(key, out int index) ? index : -1;

    /// <summary>Closes the file.</summary>
    public void Dispose() => _stream.Dispose();

    private void Load()
    {
        long end = 0;
        foreach ((ReadOnlyMemory<byte> line, long byteOffset) in JournalLines.Read(_stream))
        {
            end = byteOffset + line.Length + 1;
            if (byteOffset == 0)
            {
                (RecordedVectorPath, RecordedSource) = JournalLine.ReadHeader(line, FilePath);
            }
            else
            {
                Load(JournalLine.ReadEntry(line, FilePath, byteOffset), byteOffset);
            }
        }

        // What follows the last line end was torn.
        if (_stream.Length > end)
        {
            _stream.SetLength(end);
        }

        _stream.Position = end;
        if (end == 0)
        {
            WriteLine(JournalLine.Header(VectorPath, RecordedSource));
        }
    }

    private void Load(JournalEntry entry, long byteOffset)
    {
        if (_positions.ContainsKey(entry.Key))
        {
            throw new ModelFormatException(FilePath, $"key '{entry.Key}'", "appears twice", "each evaluation once", byteOffset);
        }

        Keep(entry);
        ThrowIfTooMany(FilePath, _entries.Count, byteOffset);
    }

    private static void ThrowIfTooMany(string path, int count, long byteOffset)
    {
        if (count > MaxEntries)
        {
            throw new ModelFormatException(path, "journal", $"has more than {MessageText.Count(MaxEntries)} lines", "fewer", byteOffset);
        }
    }

    private void Keep(JournalEntry entry)
    {
        _positions.Add(entry.Key, _entries.Count);
        _entries.Add(entry);
    }

    private void WriteLine(ReadOnlyMemory<byte> line)
    {
        long start = _stream.Position;
        try
        {
            _stream.Write(line.Span);
            _stream.Flush(flushToDisk: true);
        }
        catch (IOException)
        {
            // Half a line in the middle would break the journal if the caller went on after the disk has room again.
            _stream.SetLength(start);
            _stream.Position = start;
            throw;
        }
    }

    private static void ThrowIfNoName(string text, string parameter)
    {
        ArgumentNullException.ThrowIfNull(text, parameter);
        if (!JournalLine.IsName(text))
        {
            throw new ArgumentException($"'{parameter}' is '{MessageText.Shown(text)}', expected 1 to 200 printable ASCII characters.", parameter);
        }
    }
}
