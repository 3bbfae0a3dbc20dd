using System.Text;
using Niwaki.Formats;

namespace Niwaki.Runs;

/// <summary>Makes a record from a YAML text.</summary>
/// <typeparam name="TRecord">The record.</typeparam>
internal sealed class SchemaReader<TRecord>
{
    /// <summary>Largest file read: a thousand times a recipe with long comments.</summary>
    private const int MaxBytes = 1 << 20;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly string _file;
    private readonly RecordSchema<TRecord> _schema;
    private readonly List<string> _faults = [];
    private TRecord _record;

    private SchemaReader(RecordSchema<TRecord> schema, TRecord defaults, string file)
    {
        _schema = schema;
        _record = defaults;
        _file = file;
    }

    /// <summary>Reads a file.</summary>
    public static (TRecord Record, IReadOnlyList<RecipeEntry> Entries) ReadFile(RecordSchema<TRecord> schema, TRecord defaults, string path)
    {
        using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        byte[] bytes = new byte[MaxBytes + 1];
        int length = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        string name = MessageText.Shown(Path.GetFileName(path));
        if (length > MaxBytes)
        {
            throw new RecipeException(path, [$"{name}: file has more than {MessageText.Count(MaxBytes)} bytes, expected a recipe of a few lines."]);
        }

        return Read(schema, defaults, Decode(bytes.AsSpan(0, length), path, name), path);
    }

    /// <summary>Reads a text.</summary>
    public static (TRecord Record, IReadOnlyList<RecipeEntry> Entries) Read(RecordSchema<TRecord> schema, TRecord defaults, string yaml, string file)
    {
        ArgumentNullException.ThrowIfNull(yaml);
        ArgumentNullException.ThrowIfNull(file);
        var reader = new SchemaReader<TRecord>(schema, defaults, MessageText.Shown(Path.GetFileName(file)));
        List<RecipeEntry> entries = RecipeYaml.Read(yaml, reader._file, reader._faults);
        reader.Apply(entries);
        return reader._faults.Count == 0 ? (reader._record, entries) : throw new RecipeException(file, reader._faults);
    }

    private static string Decode(ReadOnlySpan<byte> bytes, string path, string name)
    {
        if (bytes.StartsWith(Encoding.UTF8.Preamble))
        {
            bytes = bytes[Encoding.UTF8.Preamble.Length..];
        }

        try
        {
            return StrictUtf8.GetString(bytes);
        }
        catch (DecoderFallbackException error)
        {
            string fault = $"{name}, byte {MessageText.Count(error.Index)}: text is not valid UTF-8, expected a recipe in UTF-8.";
            throw new RecipeException(path, [fault]);
        }
    }

    private void Apply(List<RecipeEntry> entries)
    {
        HashSet<string> unknownSections = [];
        foreach (RecipeEntry entry in entries)
        {
            bool isSection = entry.Section.Length == 0 && _schema.Sections.Contains(entry.Key);
            if (isSection)
            {
                CheckSection(entry);
            }
            else if (!unknownSections.Contains(entry.Section) && !ApplyValue(entry))
            {
                unknownSections.Add(entry.Key);
            }
        }
    }

    /// <summary>A section holds keys, or nothing at all.</summary>
    private void CheckSection(RecipeEntry entry)
    {
        if (entry.Value is { IsNull: false } value)
        {
            Add(entry.Line, $"{RecipeField.Label(entry.Key)} is {ScalarText.Shown(value)}, expected indented keys with values.");
        }
    }

    /// <summary>Puts a value into the recipe; false when keys stand where no section is.</summary>
    private bool ApplyValue(RecipeEntry entry)
    {
        SchemaField<TRecord>? field = _schema.Fields.FirstOrDefault(field => field.Section == entry.Section && field.Key == entry.Key);
        if (field is not null && entry.Value is { } value)
        {
            if (field.Read(ref _record, value) is { } fault)
            {
                Add(entry.Line, fault);
            }

            return true;
        }

        if (field is not null)
        {
            Add(entry.Line, $"{RecipeField.Label(field.Path)} holds keys, expected a single value.");
        }
        else
        {
            string owner = entry.Section.Length == 0 ? _schema.Files : $"'{entry.Section}'";
            string hint = ScalarText.Sentence(Suggestion(entry));
            Add(entry.Line, $"key '{MessageText.Shown(entry.Key)}' is unknown, expected a key of {owner}.{hint}");
        }

        return entry.Value is not null;
    }

    /// <summary>The key that was probably meant: misspelt, in the wrong section, or as another tool calls it.</summary>
    private string? Suggestion(RecipeEntry entry)
    {
        SchemaField<TRecord>? same = _schema.Fields.FirstOrDefault(field => field.Key == entry.Key || field.Elsewhere.Contains(entry.Key));
        if (same is not null)
        {
            return same.Section == entry.Section ? $"Did you mean '{same.Key}'?" : $"Did you mean '{same.Path}'?";
        }

        IEnumerable<string> names = _schema.Fields.Where(field => field.Section == entry.Section).Select(field => field.Key);
        return NearestName.Question(entry.Key, entry.Section.Length == 0 ? names.Concat(_schema.Sections) : names);
    }

    private void Add(long line, string fault) => _faults.Add($"{_file}, line {ScalarText.Number(line)}: {fault}");
}
