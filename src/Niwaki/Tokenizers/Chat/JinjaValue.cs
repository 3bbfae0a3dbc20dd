using System.Collections;
using System.Globalization;
using System.Text;

namespace Niwaki.Tokenizers.Chat;

/// <summary>Values of templates: null, bool, long, double, string, <c>List&lt;object?&gt;</c>, <see cref="JinjaMap"/>, <see cref="JinjaFunction"/> and <see cref="Undefined"/>, as Python has them.</summary>
internal static class JinjaValue
{
    /// <summary>What a name stands for that nothing was set to.</summary>
    public static object Undefined { get; } = new();

    /// <summary>A value of .NET as one of templates.</summary>
    /// <exception cref="ArgumentException">It has no counterpart.</exception>
    public static object? Of(object? value) => value switch
    {
        null or bool or long or double or string or JinjaMap => value,
        int number => (long)number,
        float number => (double)number,
        IReadOnlyDictionary<string, object?> map => MapOf(map),
        IEnumerable list => list.Cast<object?>().Select(Of).ToList(),
        _ => throw new ArgumentException($"Value is a {value.GetType().Name}, expected null, a boolean, a number, a text, a list or a dictionary.", nameof(value)),
    };

    /// <summary>Whether a value counts as true.</summary>
    public static bool IsTrue(object? value) => value switch
    {
        null => false,
        bool flag => flag,
        long number => number != 0,
        double number => number != 0,
        string text => text.Length > 0,
        List<object?> list => list.Count > 0,
        JinjaMap map => map.IsNamespace || map.Names.Count > 0,
        _ => value != Undefined,
    };

    /// <summary>A value as it is written to the output.</summary>
    public static string Text(object? value) => value switch
    {
        string text => text,
        _ when value == Undefined => "",
        _ => Shown(value),
    };

    /// <summary>A value as Python shows it inside lists.</summary>
    public static string Shown(object? value)
    {
        var text = new BoundedText();
        Show(text, value);
        return text.ToString();
    }

    private static void Show(BoundedText text, object? value)
    {
        switch (value)
        {
            case List<object?> list:
                text.Inside(() => text.Add("[").Join(", ", list, item => Show(text, item)).Add("]"));
                break;
            case JinjaMap map:
                text.Inside(() => text.Add("{").Join(", ", map.Names, name =>
                {
                    Show(text, name);
                    text.Add(": ");
                    Show(text, map[name]);
                }).Add("}"));
                break;
            default:
                text.Add(Scalar(value));
                break;
        }
    }

    private static string Scalar(object? value) => value switch
    {
        null => "None",
        true => "True",
        false => "False",
        long number => number.ToString(CultureInfo.InvariantCulture),
        double number => number == Math.Floor(number) && Math.Abs(number) < 1e16 ? number.ToString("F1", CultureInfo.InvariantCulture) : number.ToString("R", CultureInfo.InvariantCulture),
        string text => $"'{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)}'",
        _ => "",
    };

    /// <summary>Order of two numbers or two texts.</summary>
    public static int Compare(object? a, object? b) => a is string x && b is string y
        ? string.CompareOrdinal(x, y)
        : IsNumber(a) && IsNumber(b)
            ? Number(a).CompareTo(Number(b))
            : throw new ChatTemplateException($"Chat template compares {NameOf(a)} with {NameOf(b)}, expected two numbers or two texts.", 0);

    /// <summary>Whether a value is a number; booleans are.</summary>
    public static bool IsNumber(object? value) => value is long or double or bool;

    /// <summary>A number in float64.</summary>
    public static double Number(object? value) => value switch
    {
        long number => number,
        double number => number,
        bool flag => flag ? 1 : 0,
        _ => throw new ChatTemplateException($"Chat template has {NameOf(value)}, expected a number.", 0),
    };

    /// <summary>A whole number.</summary>
    public static long Integer(object? value) => value switch
    {
        long number => number,
        bool flag => flag ? 1 : 0,
        _ => throw new ChatTemplateException($"Chat template has {NameOf(value)}, expected a whole number.", 0),
    };

    /// <summary>What a loop over a value sees; the characters of a text and the names of a dictionary count, because a list is made of them.</summary>
    public static IReadOnlyList<object?> Items(JinjaRun run, object? value)
    {
        switch (value)
        {
            case List<object?> list:
                return list;
            case string text:
                run.Make(text.Length);
                return [.. text.EnumerateRunes().Select(rune => (object?)rune.ToString())];
            case JinjaMap map:
                run.GoThrough(map.Names.Count);
                return [.. map.Names];
            default:
                return value == Undefined ? [] : throw new ChatTemplateException($"Chat template goes through {NameOf(value)}, expected a list, a text or a dictionary.", 0);
        }
    }

    /// <summary>JSON as transformers writes it: <c>json.dumps(value, ensure_ascii=False, indent=indent)</c>.</summary>
    public static string Json(object? value, int? indent)
    {
        var text = new BoundedText();
        WriteJson(text, value, indent, 0);
        return text.ToString();
    }

    private static void WriteJson(BoundedText text, object? value, int? indent, int depth)
    {
        string inner = indent is { } width ? "\n" + new string(' ', width * (depth + 1)) : "";
        string outer = indent is { } last ? "\n" + new string(' ', last * depth) : "";
        string separator = indent is null ? ", " : "," + inner;
        switch (value)
        {
            case List<object?> { Count: 0 }:
                text.Add("[]");
                break;
            case JinjaMap { Names.Count: 0 }:
                text.Add("{}");
                break;
            case List<object?> list:
                text.Inside(() => text.Add("[" + inner).Join(separator, list, item => WriteJson(text, item, indent, depth + 1)).Add(outer + "]"));
                break;
            case JinjaMap map:
                text.Inside(() => text.Add("{" + inner).Join(separator, map.Names, name =>
                {
                    text.Add(Quoted(name)).Add(": ");
                    WriteJson(text, map[name], indent, depth + 1);
                }).Add(outer + "}"));
                break;
            default:
                text.Add(value switch
                {
                    null => "null",
                    true => "true",
                    false => "false",
                    string content => Quoted(content),
                    long or double => Scalar(value),
                    _ => throw new ChatTemplateException($"Chat template writes {NameOf(value)} as JSON, expected a value.", 0),
                });
                break;
        }
    }

    /// <summary>A kind of value, for messages.</summary>
    public static string NameOf(object? value) => value switch
    {
        null => "none",
        bool => "a boolean",
        long or double => "a number",
        string => "a text",
        List<object?> => "a list",
        JinjaMap => "a dictionary",
        JinjaFunction => "a function",
        _ => "an undefined value",
    };

    private static JinjaMap MapOf(IReadOnlyDictionary<string, object?> source)
    {
        var map = new JinjaMap();
        foreach ((string name, object? value) in source)
        {
            map[name] = Of(value);
        }

        return map;
    }

    /// <summary>Python escapes what JSON asks for and nothing more.</summary>
    private static string Quoted(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (char c in text)
        {
            quoted.Append(c switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                '\b' => "\\b",
                '\f' => "\\f",
                < ' ' => string.Create(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                _ => c.ToString(),
            });
        }

        return quoted.Append('"').ToString();
    }
}
