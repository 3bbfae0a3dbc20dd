using System.Text;

namespace Niwaki.Datasets.Benchmarks;

/// <summary>Reads comma-separated values (RFC 4180): fields in double quotes may hold commas, line ends, and quotes written twice.</summary>
/// <remarks>A quote inside a field that does not begin with one is a character like any other, as for Python's reader.</remarks>
public static class CsvText
{
    private const int MostColumns = 4096;

    /// <summary>Cuts a text into records.</summary>
    /// <param name="text">The text; records end with CR LF or LF.</param>
    /// <param name="name">Name of the text in messages.</param>
    /// <exception cref="DatasetException">A quoted field does not end or goes on behind its end, or a record has more than 4,096 fields.</exception>
    public static IEnumerable<IReadOnlyList<string>> Records(string text, string name)
    {
        ArgumentNullException.ThrowIfNull(text);
        int at = 0;
        int line = 1;
        while (at < text.Length)
        {
            var record = new List<string>();
            int first = line;
            bool more;
            do
            {
                record.Add(at < text.Length && text[at] == '"' ? Quoted(text, ref at, ref line, name) : Plain(text, ref at));
                more = at < text.Length && text[at] == ',';
                at += more ? 1 : 0;
                if (record.Count > MostColumns)
                {
                    throw Fault(name, first, $"has more than {MostColumns} fields", "fewer");
                }
            }
            while (more);

            EndRecord(text, ref at, ref line, name);
            if (record is not [""])
            {
                yield return record;
            }
        }
    }

    private static string Plain(string text, ref int at)
    {
        int length = text.AsSpan(at).IndexOfAny(",\r\n");
        string field = length < 0 ? text[at..] : text.Substring(at, length);
        at += field.Length;
        return field;
    }

    private static string Quoted(string text, ref int at, ref int line, string name)
    {
        int first = line;
        var field = new StringBuilder();
        for (int i = at + 1; i < text.Length; i++)
        {
            line += text[i] == '\n' ? 1 : 0;
            if (text[i] != '"')
            {
                field.Append(text[i]);
            }
            else if (i + 1 < text.Length && text[i + 1] == '"')
            {
                field.Append('"');
                i++;
            }
            else
            {
                at = i + 1;
                return field.ToString();
            }
        }

        throw Fault(name, first, "begins a quoted field that does not end", "a closing quote");
    }

    private static void EndRecord(string text, ref int at, ref int line, string name)
    {
        if (at < text.Length && text[at] == '\r')
        {
            at++;
        }

        if (at < text.Length && text[at] != '\n')
        {
            throw Fault(name, line, $"has '{text[at]}' behind a field", "a comma or the end of the line");
        }

        at++;
        line++;
    }

    private static DatasetException Fault(string name, int line, string found, string expected) =>
        new(FormattableString.Invariant($"{name}, line {line}"), found, expected, "Save it as comma-separated values.");
}
