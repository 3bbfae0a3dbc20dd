using System.IO.Compression;
using Niwaki.Formats.Hub;

namespace Niwaki.Datasets.Benchmarks;

/// <summary>A folder of data sets by name.</summary>
public sealed class BenchmarkFolder
{
    private const long LargestEntry = 64 << 20;

    private readonly string _path;

    /// <summary>Names a folder.</summary>
    /// <param name="path">The folder.</param>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    public BenchmarkFolder(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        _path = Directory.Exists(path) ? path : throw new DirectoryNotFoundException($"Data folder '{path}' is not there, expected a folder with the data of the tasks.");
    }

    /// <summary>Reads a part of a data set.</summary>
    /// <remarks>
    /// Looked for, in this order: <c>TASK-SPLIT.ext</c>, <c>TASK/SPLIT.ext</c>, <c>TASK/SPLIT-00000-of-00001.ext</c>; for the part that is measured on also
    /// <c>TASK.ext</c> and <c>TASK-NUMBER.ext</c>, a part of it. For a subject of a group also <c>GROUP.zip</c> and the folder <c>GROUP</c> with
    /// <c>SPLIT/SUBJECT_SPLIT.csv</c> or <c>SUBJECT/SPLIT-00000-of-00001.ext</c>.
    /// </remarks>
    /// <param name="split">The part.</param>
    /// <exception cref="DatasetException">There is no file for it, or the file is broken.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">A file may not be read.</exception>
    public IReadOnlyList<TableRow> Read(BenchmarkSplit split)
    {
        ArgumentNullException.ThrowIfNull(split);
        if (Candidates(split).FirstOrDefault(File.Exists) is { } path)
        {
            return TableFile.Read(path, split.Columns);
        }

        if (split.Group is { } group && File.Exists(Path.Combine(_path, group + ".zip")))
        {
            return ReadEntry(Path.Combine(_path, group + ".zip"), split);
        }

        throw new DatasetException(
            _path,
            $"has no data for split '{split.Split}' of task '{split.Task}'",
            string.Join(" or ", Candidates(split).Take(2).Select(candidate => Path.GetRelativePath(_path, candidate))),
            $"Put it there in its original field layout; {string.Join(", ", TableFile.Extensions)} are read.");
    }

    /// <summary>Whether there is a file for a part of a data set.</summary>
    /// <param name="split">The part.</param>
    public bool Holds(BenchmarkSplit split)
    {
        ArgumentNullException.ThrowIfNull(split);
        return Candidates(split).Any(File.Exists) || (split.Group is { } group && File.Exists(Path.Combine(_path, group + ".zip")));
    }

    /// <summary>Fetches a part of a data set from the hub into the folder, unless a file for it is there.</summary>
    /// <remarks>To <c>TASK/SPLIT.parquet</c>, of a subject to <c>GROUP/SUBJECT/SPLIT-00000-of-00001.parquet</c>. A file that was fetched before is checked against its checksum.</remarks>
    /// <param name="hub">The hub.</param>
    /// <param name="split">The part.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>Whether it was fetched.</returns>
    /// <exception cref="HubException">It could not be had.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder may not be written.</exception>
    /// <exception cref="OperationCanceledException">It was ended.</exception>
    public bool Pull(HubClient hub, BenchmarkSplit split, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(hub);
        ArgumentNullException.ThrowIfNull(split);
        string target = split is { Group: { } group, Subject: { } subject }
            ? Path.Combine(_path, group, subject, $"{split.Split}-00000-of-00001.parquet")
            : Path.Combine(_path, split.Task, $"{split.Split}.parquet");
        bool isOurs = File.Exists(target) && HubClient.HasNote(target) && Candidates(split).First(File.Exists) == target;
        return split.HubDataset is { } dataset
            && (isOurs || !Holds(split))
            && hub.FetchParquet(dataset, split.HubConfiguration, split.Split, target, cancellationToken);
    }

    private IEnumerable<string> Candidates(BenchmarkSplit split)
    {
        foreach (string extension in TableFile.Extensions)
        {
            yield return Path.Combine(_path, $"{split.Task}-{split.Split}{extension}");
            yield return Path.Combine(_path, split.Task, $"{split.Split}{extension}");
            yield return Path.Combine(_path, split.Task, $"{split.Split}-00000-of-00001{extension}");
            if (split.IsEvaluated)
            {
                yield return Path.Combine(_path, split.Task + extension);
            }

            if (split is { Group: { } group, Subject: { } subject })
            {
                yield return Path.Combine(_path, group, split.Split, $"{subject}_{split.Split}{extension}");
                yield return Path.Combine(_path, group, "data", split.Split, $"{subject}_{split.Split}{extension}");
                yield return Path.Combine(_path, group, subject, $"{split.Split}-00000-of-00001{extension}");
            }
        }

        if (split.IsEvaluated)
        {
            foreach (string part in Directory.EnumerateFiles(_path, split.Task + "-*.jsonl").Order(StringComparer.Ordinal))
            {
                if (int.TryParse(Path.GetFileNameWithoutExtension(part)[(split.Task.Length + 1)..], out _))
                {
                    yield return part;
                }
            }
        }
    }

    private static IReadOnlyList<TableRow> ReadEntry(string path, BenchmarkSplit split)
    {
        string wanted = $"/{split.Split}/{split.Subject}_{split.Split}.csv";
        using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        try
        {
            using var archive = new ZipArchive(file, ZipArchiveMode.Read);
            ZipArchiveEntry entry = archive.Entries.FirstOrDefault(candidate => ("/" + candidate.FullName).EndsWith(wanted, StringComparison.Ordinal))
                ?? throw new DatasetException(path, $"has no entry that ends in '{wanted}'", "one for every subject", "Was the right archive given?");
            using Stream stream = entry.Open();
            string name = $"{path}/{entry.FullName}";
            return TableFile.Csv(TextFile.ReadCapped(stream, name, LargestEntry, entry.Length), name, split.Columns);
        }
        catch (InvalidDataException exception)
        {
            throw new DatasetException(path, $"cannot be unpacked ({exception.Message})", "a zip archive of .csv files", "Fetch the archive anew.");
        }
    }
}
