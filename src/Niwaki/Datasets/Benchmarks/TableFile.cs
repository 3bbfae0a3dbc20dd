using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Niwaki.Formats;
using Niwaki.Formats.Parquet;

namespace Niwaki.Datasets.Benchmarks;

/// <summary>Reads a data set of rows: JSON lines, a JSON array, comma-separated values, or Parquet.</summary>
public static class TableFile
{
    private const int MostRows = 1 << 22;

    /// <summary>Endings of files that can be read, in the order in which they are looked for.</summary>
    public static IReadOnlyList<string> Extensions { get; } = [".jsonl", ".json", ".csv", ".parquet"];

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file; its ending says what it is.</param>
    /// <param name="columns">Names of the columns of a .csv without a line of names; null: the first line names them.</param>
    /// <exception cref="DatasetException">The file is broken, empty, too large, or of another kind.</exception>
    /// <exception cref="IOException">The file does not exist or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    public static IReadOnlyList<TableRow> Read(string path, IReadOnlyList<string>? columns = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return Path.GetExtension(path).ToUpperInvariant() switch
        {
            ".JSONL" => Counted(Lines(TextFile.Read(path), path), path),
            ".JSON" => Counted(Elements(TextFile.Read(path), path), path),
            ".CSV" => Csv(TextFile.Read(path), path, columns),
            ".PARQUET" => Counted(Parquet(path), path),
            string other => throw new DatasetException(path, $"ends in '{other}'", string.Join(", ", Extensions), "Give the data set in one of these forms."),
        };
    }

    /// <summary>Reads comma-separated values.</summary>
    /// <param name="text">The text.</param>
    /// <param name="name">Name of the text in messages.</param>
    /// <param name="columns">Names of the columns; null: the first record names them.</param>
    /// <exception cref="DatasetException">A record has another number of fields, there are too many, or the text is broken.</exception>
    public static IReadOnlyList<TableRow> Csv(string text, string name, IReadOnlyList<string>? columns) => Csv(text, name, columns, MostRows);

    /// <summary>Records are cut as they are counted, so that of a file with too many of them no more are in memory than may be.</summary>
    internal static IReadOnlyList<TableRow> Csv(string text, string name, IReadOnlyList<string>? columns, int mostRows)
    {
        IEnumerable<IReadOnlyList<string>> records = CsvText.Records(text, name);
        int first = columns is null ? 1 : 0;
        IReadOnlyList<string> names = columns ?? records.FirstOrDefault() ?? [];
        return Counted(records.Skip(first).Select((record, i) => CsvRow(record, names, Place(name, "record", i + first + 1))), name, mostRows);
    }

    private static TableRow CsvRow(IReadOnlyList<string> record, IReadOnlyList<string> names, string place)
    {
        if (record.Count != names.Count)
        {
            throw new DatasetException(place, $"has {record.Count} fields", $"{names.Count}", "Correct the record.");
        }

        var fields = new JsonObject();
        for (int i = 0; i < names.Count; i++)
        {
            fields[names[i]] = record[i];
        }

        return new TableRow(fields, place);
    }

    private static IEnumerable<TableRow> Lines(string text, string path)
    {
        int at = 0;
        for (int number = 1; at < text.Length; number++)
        {
            int end = text.IndexOf('\n', at);
            end = end < 0 ? text.Length : end;
            if (!text.AsSpan(at, end - at).IsWhiteSpace())
            {
                string place = Place(path, "line", number);
                yield return Row(Parse(text[at..end], place), place);
            }

            at = end + 1;
        }
    }

    private static IEnumerable<TableRow> Parquet(string path)
    {
        try
        {
            return ParquetFile.Read(path).Select((fields, i) => new TableRow(fields, Place(path, "row", i)));
        }
        catch (Exception exception) when (exception is ModelFormatException or UnsupportedModelException)
        {
            throw new DatasetException(path, $"cannot be read ({exception.Message})", "a table in Parquet", "Fetch the file anew, or give the data in another form.");
        }
    }

    private static IEnumerable<TableRow> Elements(string text, string path)
    {
        JsonElement root = Parse(text, path);
        return root.ValueKind == JsonValueKind.Array
            ? root.EnumerateArray().Select((element, i) => Row(element, Place(path, "element", i)))
            : throw new DatasetException(path, "holds no array", "an array of objects", "Give an array, or a .jsonl file.");
    }

    private static TableRow Row(JsonElement element, string place) => element.ValueKind == JsonValueKind.Object
        ? new TableRow(JsonObject.Create(element)!, place)
        : throw new DatasetException(place, $"holds {element.ValueKind}", "an object", "Correct or remove the row.");

    private static JsonElement Parse(string json, string place)
    {
        try
        {
            return StrictJson.Parse(Encoding.UTF8.GetBytes(json), place);
        }
        catch (ModelFormatException exception)
        {
            throw new DatasetException(place, $"is no JSON ({exception.Message})", "an object with the fields of the data set", "Correct or remove the row.");
        }
    }

    private static List<TableRow> Counted(IEnumerable<TableRow> rows, string name, int mostRows = MostRows)
    {
        List<TableRow> some = [.. rows.Take(mostRows + 1)];
        return some.Count > 0 && some.Count <= mostRows
            ? some
            : throw new DatasetException(
                name,
                some.Count == 0 ? "holds no row" : FormattableString.Invariant($"holds more than {mostRows:N0} rows"),
                FormattableString.Invariant($"1 to {mostRows:N0}"),
                "Was the right file given?");
    }

    private static string Place(string name, string what, int number) => FormattableString.Invariant($"{name}, {what} {number}");
}
