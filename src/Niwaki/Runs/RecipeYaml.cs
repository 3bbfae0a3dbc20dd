using Niwaki.Formats;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Niwaki.Runs;

/// <summary>Reads the plain part of YAML that recipes are made of: keys with scalars, at the top level and in sections one level deep.</summary>
/// <remarks>
/// Works on the events of the parser, so that nothing is built from what will be refused: anchors, aliases, tags, lists, deeper levels
/// and further documents. The first of those, or a fault of syntax, ends the reading; everything before it is kept.
/// </remarks>
internal sealed class RecipeYaml
{
    private readonly Parser _parser;
    private readonly string _file;
    private readonly List<string> _faults;
    private readonly List<RecipeEntry> _entries = [];
    private readonly HashSet<(string Section, string Key)> _seen = [];

    private RecipeYaml(Parser parser, string file, List<string> faults)
    {
        _parser = parser;
        _file = file;
        _faults = faults;
    }

    /// <summary>Reads a text.</summary>
    /// <param name="yaml">The text.</param>
    /// <param name="file">Name that faults begin with.</param>
    /// <param name="faults">Faults are added here.</param>
    /// <returns>The entries in the order of the text, each key once.</returns>
    public static List<RecipeEntry> Read(string yaml, string file, List<string> faults)
    {
        using var text = new StringReader(yaml);
        var reader = new RecipeYaml(new Parser(text), file, faults);
        try
        {
            reader.ReadStream();
        }
        catch (YamlException error)
        {
            string reason = MessageText.Shown(error.Message.TrimEnd('.', ' '));
            reader.Add(error.Start.Line, $"YAML is broken ({reason}), expected keys with values.");
        }

        return reader._entries;
    }

    private void ReadStream()
    {
        Next<StreamStart>();
        if (Next<ParsingEvent>() is StreamEnd || !ReadDocument(Next<ParsingEvent>()))
        {
            return;
        }

        Next<DocumentEnd>();
        if (Next<ParsingEvent>() is not StreamEnd and { } more)
        {
            Add(more.Start.Line, "a second document begins, expected one recipe a file.");
        }
    }

    /// <summary>Reads the top level; false when the rest of the text cannot be understood.</summary>
    private bool ReadDocument(ParsingEvent root)
    {
        switch (root)
        {
            case Scalar { Value.Length: 0 } nothing when IsBare(nothing):
                return true;
            case MappingStart start when IsBare(start):
                return ReadMapping("");
            default:
                Add(root.Start.Line, "the recipe is not a list of keys with plain values, expected lines such as 'sparsity: 0.3'.");
                return false;
        }
    }

    private bool ReadMapping(string section)
    {
        for (ParsingEvent found = Next<ParsingEvent>(); found is not MappingEnd; found = Next<ParsingEvent>())
        {
            if (found is not Scalar key || !IsBare(key))
            {
                Refuse(found, "a key");
                return false;
            }

            if (!ReadValue(section, key, Next<ParsingEvent>()))
            {
                return false;
            }
        }

        return true;
    }

    private bool ReadValue(string section, Scalar key, ParsingEvent value)
    {
        switch (value)
        {
            case Scalar scalar when IsBare(scalar):
                Keep(section, key, new RecipeScalar(scalar.Value, scalar.Style != ScalarStyle.Plain, scalar.Start.Line));
                return true;
            case MappingStart start when IsBare(start) && section.Length == 0:
                Keep(section, key, null);
                return ReadMapping(key.Value);
            default:
                Refuse(value, $"'{MessageText.Shown(key.Value)}'");
                return false;
        }
    }

    private void Keep(string section, Scalar key, RecipeScalar? value)
    {
        if (_seen.Add((section, key.Value)))
        {
            _entries.Add(new RecipeEntry(section, key.Value, value, key.Start.Line));
        }
        else
        {
            Add(key.Start.Line, $"'{MessageText.Shown(key.Value)}' appears twice, expected each key once.");
        }
    }

    private void Refuse(ParsingEvent found, string subject)
    {
        string what = found switch
        {
            AnchorAlias => "an alias",
            NodeEvent { Anchor.IsEmpty: false } => "an anchor",
            NodeEvent { Tag.IsEmpty: false } => "a tag",
            SequenceStart => "a list",
            MappingStart => "keys two levels deep",
            _ => "nothing",
        };
        Add(found.Start.Line, $"{subject} is or has {what}, expected a plain value. Recipes have neither anchors nor lists.");
    }

    private void Add(long line, string fault) => _faults.Add($"{_file}, line {ScalarText.Number(line)}: {fault}");

    /// <summary>The next event, which the grammar of YAML says is of this kind.</summary>
    private T Next<T>()
        where T : ParsingEvent =>
        MoveNext() && _parser.Current is T found ? found : throw new YamlException("the text ends too early");

    private bool MoveNext()
    {
        try
        {
            return _parser.MoveNext();
        }
        catch (Exception error) when (error is InvalidOperationException or ArgumentException)
        {
            // YamlDotNet 16.3 ends so on tags that are no URI, escapes beyond Unicode, and braces that go on at the start of a line.
            Mark place = _parser.Current?.End ?? Mark.Empty;
            throw new YamlException(place, place, "a tag, an escape or a value is malformed", error);
        }
    }

    private static bool IsBare(NodeEvent found) => found.Anchor.IsEmpty && found.Tag.IsEmpty;
}
