using System.Globalization;

namespace Niwaki.Tokenizers.Chat;

/// <summary>Filters, such as <c>x | trim</c>.</summary>
internal static class JinjaFilters
{
    private static readonly Dictionary<string, JinjaFilter> Known = new(StringComparer.Ordinal)
    {
        ["trim"] = (run, value, _, _) => run.Made(JinjaValue.Text(value)).Trim(),
        ["length"] = (run, value, _, _) => Length(run, value),
        ["count"] = (run, value, _, _) => Length(run, value),
        ["upper"] = (run, value, _, _) => run.Made(JinjaValue.Text(value)).ToUpperInvariant(),
        ["lower"] = (run, value, _, _) => run.Made(JinjaValue.Text(value)).ToLowerInvariant(),
        ["capitalize"] = (run, value, _, _) => Capitalize(run.Made(JinjaValue.Text(value))),
        ["title"] = (run, value, _, _) => Title(run.Made(JinjaValue.Text(value))),
        ["string"] = (run, value, _, _) => run.Made(JinjaValue.Text(value)),
        ["safe"] = (_, value, _, _) => value,
        ["list"] = (run, value, _, _) => All(run, value).ToList(),
        ["first"] = (run, value, _, _) => JinjaValue.Items(run, value) is { Count: > 0 } items ? items[0] : JinjaValue.Undefined,
        ["last"] = (run, value, _, _) => JinjaValue.Items(run, value) is { Count: > 0 } items ? items[^1] : JinjaValue.Undefined,
        ["reverse"] = (run, value, _, _) => value is string text ? string.Concat(run.Made(text).Reverse()) : All(run, value).Reverse().ToList(),
        ["join"] = (run, value, arguments, _) => JinjaMethods.Join(run, arguments.Count > 0 ? run.Made(JinjaValue.Text(arguments[0])) : "", value),
        ["replace"] = (run, value, arguments, _) => JinjaMethods.Call(run, run.Made(JinjaValue.Text(value)), "replace", arguments),
        ["default"] = Default,
        ["d"] = Default,
        ["int"] = (run, value, arguments, _) => Whole(run, value, arguments),
        ["float"] = (run, value, _, _) => value is string text ? double.TryParse(run.Made(text), CultureInfo.InvariantCulture, out double number) ? number : 0.0 : JinjaValue.Number(value),
        ["abs"] = (_, value, _, _) => value is long number and > long.MinValue ? Math.Abs(number) : Math.Abs(JinjaValue.Number(value)),
        ["tojson"] = ToJson,
        ["items"] = (run, value, _, _) => Pairs(run, value, names => names),
        ["dictsort"] = (run, value, _, _) => Pairs(run, value, names => names.OrderBy(name => name, StringComparer.OrdinalIgnoreCase)),
        ["map"] = Map,
        ["selectattr"] = (run, value, arguments, _) => Where(run, value, arguments, byField: true, negated: false),
        ["rejectattr"] = (run, value, arguments, _) => Where(run, value, arguments, byField: true, negated: true),
        ["select"] = (run, value, arguments, _) => Where(run, value, arguments, byField: false, negated: false),
        ["reject"] = (run, value, arguments, _) => Where(run, value, arguments, byField: false, negated: true),
        ["unique"] = (run, value, _, _) => Unique(run, value),
        ["indent"] = Indent,
    };

    /// <summary>All names, for messages.</summary>
    public static string Names => string.Join(", ", Known.Keys);

    /// <summary>A filter; null where there is none of the name.</summary>
    public static JinjaFilter? Find(string name) => Known.GetValueOrDefault(name);

    /// <summary>The text with its first letter large and the others small.</summary>
    public static string Capitalize(string text) => text.Length == 0 ? text : char.ToUpperInvariant(text[0]) + text[1..].ToLowerInvariant();

    /// <summary>The text with every word capitalised.</summary>
    public static string Title(string text)
    {
        char[] letters = text.ToCharArray();
        for (int i = 0; i < letters.Length; i++)
        {
            letters[i] = i > 0 && char.IsLetter(letters[i - 1]) ? char.ToLowerInvariant(letters[i]) : char.ToUpperInvariant(letters[i]);
        }

        return new string(letters);
    }

    /// <summary>Items of a value, all of which are gone through.</summary>
    private static IReadOnlyList<object?> All(JinjaRun run, object? value)
    {
        IReadOnlyList<object?> items = JinjaValue.Items(run, value);
        run.GoThrough(items.Count);
        return items;
    }

    private static long Length(JinjaRun run, object? value) => value switch
    {
        string text => run.Made(text).EnumerateRunes().Count(),
        JinjaMap map => map.Names.Count,
        _ => JinjaValue.Items(run, value).Count,
    };

    private static object? Default(JinjaRun run, object? value, IReadOnlyList<object?> arguments, JinjaMap named)
    {
        bool orFalse = JinjaValue.IsTrue(arguments.Count > 1 ? arguments[1] : named["boolean"]);
        bool isMissing = value == JinjaValue.Undefined || (orFalse && !JinjaValue.IsTrue(value));
        return !isMissing ? value : arguments.Count > 0 ? arguments[0] : named.Has("default_value") ? named["default_value"] : "";
    }

    private static long Whole(JinjaRun run, object? value, IReadOnlyList<object?> arguments) => value switch
    {
        string text => long.TryParse(run.Made(text).Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number) ? number : arguments.Count > 0 ? JinjaValue.Integer(arguments[0]) : 0,
        double number => double.IsFinite(number) && Math.Abs(number) < long.MaxValue ? (long)number : 0,
        _ => JinjaValue.Integer(value),
    };

    private static string ToJson(JinjaRun run, object? value, IReadOnlyList<object?> arguments, JinjaMap named)
    {
        object? width = arguments.Count > 0 ? arguments[0] : named.Has("indent") ? named["indent"] : null;
        int? indent = width is null ? null : (int)Math.Clamp(JinjaValue.Integer(width), 0, 16);
        return run.Made(JinjaValue.Json(value == JinjaValue.Undefined ? null : value, indent));
    }

    private static List<object?> Pairs(JinjaRun run, object? value, Func<IReadOnlyList<string>, IEnumerable<string>> order)
    {
        if (value is not JinjaMap map)
        {
            return value == JinjaValue.Undefined ? [] : throw new ChatTemplateException($"Chat template takes the items of {JinjaValue.NameOf(value)}, expected a dictionary.", 0);
        }

        run.Make(2 * map.Names.Count); // a pair is a list and its places
        return [.. order(map.Names).Select(name => (object?)new List<object?> { name, map[name] })];
    }

    private static List<object?> Map(JinjaRun run, object? value, IReadOnlyList<object?> arguments, JinjaMap named)
    {
        IReadOnlyList<object?> items = All(run, value);
        if (named.Has("attribute"))
        {
            string field = run.Made(JinjaValue.Text(named["attribute"]));
            return items.Select(item => item is JinjaMap map && !map.Has(run.Made(field)) && named.Has("default") ? named["default"] : JinjaOperators.Field(run, item, field)).ToList();
        }

        string name = arguments.Count > 0 ? run.Made(JinjaValue.Text(arguments[0])) : "";
        JinjaFilter filter = Find(name) ?? throw new ChatTemplateException($"Chat template maps by '{Formats.MessageText.Shown(name)}', expected one of {Names}.", 0);
        object?[] rest = [.. arguments.Skip(1)];
        return items.Select(item => filter(run, item, rest, named)).ToList();
    }

    /// <summary>Items that pass a test, on themselves or on a field; without a test those that count as true.</summary>
    private static List<object?> Where(JinjaRun run, object? value, IReadOnlyList<object?> arguments, bool byField, bool negated)
    {
        string? field = byField ? run.Made(JinjaValue.Text(arguments.Count > 0 ? arguments[0] : null)) : null;
        int next = byField ? 1 : 0;
        Func<JinjaRun, object?, object?, bool> test = (_, item, _) => JinjaValue.IsTrue(item);
        if (arguments.Count > next)
        {
            string name = run.Made(JinjaValue.Text(arguments[next]));
            test = JinjaTests.Find(name) ?? throw new ChatTemplateException($"Chat template selects by '{Formats.MessageText.Shown(name)}', expected one of {JinjaTests.Names}.", 0);
        }

        object? argument = arguments.Count > next + 1 ? arguments[next + 1] : null;
        return [.. All(run, value).Where(item => test(run, field is null ? item : JinjaOperators.Field(run, item, field), argument) != negated)];
    }

    private static List<object?> Unique(JinjaRun run, object? value)
    {
        var kept = new List<object?>();
        foreach (object? item in JinjaValue.Items(run, value))
        {
            run.Step();
            if (!kept.Exists(other => JinjaComparison.AreEqual(run, item, other)))
            {
                kept.Add(item);
            }
        }

        return kept;
    }

    private static string Indent(JinjaRun run, object? value, IReadOnlyList<object?> arguments, JinjaMap named)
    {
        long width = arguments.Count > 0 ? JinjaValue.Integer(arguments[0]) : named.Has("width") ? JinjaValue.Integer(named["width"]) : 4;
        bool first = JinjaValue.IsTrue(arguments.Count > 1 ? arguments[1] : named["first"]);
        string blanks = new(' ', (int)Math.Clamp(width, 0, 64));
        string[] lines = run.Made(JinjaValue.Text(value)).Split('\n');
        return run.Made(string.Join('\n', lines.Select((line, i) => line.Length > 0 && (i > 0 || first) ? blanks + line : line)));
    }
}
