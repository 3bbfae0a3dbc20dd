using System.Globalization;
using System.Text.Json;
using Niwaki.Formats;

namespace Niwaki.Runs;

/// <summary>The records of the rounds of a run, <c>rounds/round-N.json</c>, each of which appears whole or not at all.</summary>
/// <remarks>Beside the journal they are all that a decision needs: masks follow from prior and seed, utilities are in the journal.</remarks>
/// <param name="folder">The folder; made when the first record is written.</param>
public sealed class RoundStore(string folder)
{
    /// <summary>Largest record read, 1 GiB: 50 million numbers.</summary>
    private const int MaxBytes = 1 << 30;

    /// <summary>The record of a round.</summary>
    /// <param name="round">Number of the round, from 1.</param>
    /// <param name="lengths">Units of every sub-layer, to which a file from elsewhere must fit.</param>
    /// <param name="channels">Channels of every sub-layer; empty where means are not needed.</param>
    /// <param name="make">Makes it; called only where there is none yet.</param>
    /// <exception cref="ModelFormatException">The file is broken or belongs to another run.</exception>
    /// <exception cref="IOException">The file cannot be read or written.</exception>
    public RoundRecord GetOrMake(int round, IReadOnlyList<int> lengths, IReadOnlyList<int> channels, Func<RoundRecord> make)
    {
        ArgumentNullException.ThrowIfNull(lengths);
        ArgumentNullException.ThrowIfNull(channels);
        ArgumentNullException.ThrowIfNull(make);
        string path = PathOf(round);
        if (File.Exists(path))
        {
            RoundRecord found = Read(path);
            Check(path, "prior", found.Prior, lengths);
            Check(path, "means", found.Means, channels);
            Check(path, "averages", found.Averages, found.Averages.Count == 0 ? [] : lengths);
            return found;
        }

        RoundRecord record = make();
        Directory.CreateDirectory(folder);
        AtomicFile.WriteAllText(path, JsonSerializer.Serialize(record, RoundJson.Default.RoundRecord) + "\n");
        return record;
    }

    /// <summary>The record of a round as it lies there, for somebody who shows it.</summary>
    /// <param name="round">Number of the round, from 1.</param>
    /// <returns>The record, whose lists may have any length; null where there is none.</returns>
    /// <exception cref="ModelFormatException">The file is broken.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public RoundRecord? Find(int round) => File.Exists(PathOf(round)) ? Read(PathOf(round)) : null;

    private string PathOf(int round) => Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"round-{round}.json"));

    private static RoundRecord Read(string path)
    {
        JsonElement root = StrictJson.ReadFile(path, MaxBytes);
        try
        {
            return root.Deserialize(RoundJson.Default.RoundRecord) ?? throw new ModelFormatException(path, "file", "is null", "a round");
        }
        catch (JsonException error)
        {
            string found = $"does not fit ({MessageText.Shown(error.Message)})";
            throw new ModelFormatException(path, $"'{error.Path}'", found, "lists of numbers", innerException: error);
        }
    }

    private static void Check(string path, string field, IReadOnlyList<double[]> lists, IReadOnlyList<int> lengths)
    {
        if (lists.Any(list => list is null) || !lists.Select(list => list.Length).SequenceEqual(lengths))
        {
            throw new ModelFormatException(
                path, $"'{field}'", $"has lists of {string.Join(", ", lists.Select(list => list?.Length ?? 0))} numbers", $"{string.Join(", ", lengths)} numbers, as the run has units");
        }
    }
}
