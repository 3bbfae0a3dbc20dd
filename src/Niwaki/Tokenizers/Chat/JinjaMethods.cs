namespace Niwaki.Tokenizers.Chat;

/// <summary>Methods of texts and dictionaries.</summary>
internal static class JinjaMethods
{
    /// <summary>Calls a method.</summary>
    public static object? Call(JinjaRun run, object? owner, string name, IReadOnlyList<object?> arguments) => owner switch
    {
        string text => OfText(run, text, name, arguments),
        JinjaMap map => OfMap(map, name, arguments),
        List<object?> list when name == "index" && arguments.Count == 1 => (long)list.FindIndex(item => JinjaValue.AreEqual(item, arguments[0])),
        List<object?> list when name == "count" && arguments.Count == 1 => (long)list.Count(item => JinjaValue.AreEqual(item, arguments[0])),
        _ => throw Unknown(owner, name),
    };

    /// <summary>Items as texts with something between them.</summary>
    public static string Join(string separator, object? items)
    {
        var text = new BoundedText();
        return text.Join(separator, JinjaValue.Items(items), item => text.Add(JinjaValue.Text(item))).ToString();
    }

    private static object? OfText(JinjaRun run, string text, string name, IReadOnlyList<object?> arguments) => name switch
    {
        "strip" => text.Trim(Characters(arguments)),
        "lstrip" => text.TrimStart(Characters(arguments)),
        "rstrip" => text.TrimEnd(Characters(arguments)),
        "startswith" => Parts(arguments).Any(part => text.StartsWith(part, StringComparison.Ordinal)),
        "endswith" => Parts(arguments).Any(part => text.EndsWith(part, StringComparison.Ordinal)),
        "split" => Split(text, arguments, fromEnd: false),
        "rsplit" => Split(text, arguments, fromEnd: true),
        "splitlines" => text.Split('\n').Select(line => (object?)line).ToList(),
        "upper" => text.ToUpperInvariant(),
        "lower" => text.ToLowerInvariant(),
        "title" => JinjaFilters.Title(text),
        "capitalize" => JinjaFilters.Capitalize(text),
        "replace" => Replace(run, text, arguments),
        "find" => (long)text.IndexOf(Text(arguments, 0), StringComparison.Ordinal),
        "count" => (long)(text.Split(Text(arguments, 0)).Length - 1),
        "join" => run.Made(Join(text, arguments.Count > 0 ? arguments[0] : null)),
        "isdigit" => text.Length > 0 && text.All(char.IsDigit),
        _ => throw Unknown(text, name),
    };

    private static object? OfMap(JinjaMap map, string name, IReadOnlyList<object?> arguments) => name switch
    {
        "get" => map.Has(Text(arguments, 0)) ? map[Text(arguments, 0)] : arguments.Count > 1 ? arguments[1] : null,
        "items" => map.Names.Select(object? (key) => new List<object?> { key, map[key] }).ToList(),
        "keys" => map.Names.Select(key => (object?)key).ToList(),
        "values" => map.Names.Select(key => map[key]).ToList(),
        _ => throw Unknown(map, name),
    };

    private static string Replace(JinjaRun run, string text, IReadOnlyList<object?> arguments)
    {
        string from = Text(arguments, 0), to = Text(arguments, 1);
        if (from.Length == 0)
        {
            throw new ChatTemplateException("Chat template replaces an empty text, expected one of a character or more.", 0);
        }

        // Counted before it is made: the result may be as long as the product of both.
        int most = arguments.Count > 2 ? (int)Math.Clamp(JinjaValue.Integer(arguments[2]), 0, int.MaxValue) : int.MaxValue;
        const int Longest = 1 << 24;
        string[] parts = text.Split(from);
        int joins = Math.Min(most, parts.Length - 1);
        if (text.Length + ((long)joins * to.Length) > Longest)
        {
            throw new ChatTemplateException($"Chat template replaces in a text of {text.Length:N0} characters, expected a result of at most {Longest:N0}.", 0);
        }

        string head = string.Join(to, parts.Take(joins + 1));
        return run.Made(parts.Length > joins + 1 ? head + from + string.Join(from, parts.Skip(joins + 1)) : head);
    }

    private static List<object?> Split(string text, IReadOnlyList<object?> arguments, bool fromEnd)
    {
        string? separator = arguments.Count > 0 && arguments[0] is not null ? Text(arguments, 0) : null;
        string[] parts = separator switch
        {
            null => text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries),
            "" => throw new ChatTemplateException("Chat template splits at an empty text, expected one of a character or more.", 0),
            _ => text.Split(separator),
        };
        long most = arguments.Count > 1 ? JinjaValue.Integer(arguments[1]) : -1;
        if (most < 0 || parts.Length <= most + 1)
        {
            return [.. parts];
        }

        string joint = separator ?? " ";
        int kept = (int)most;
        return fromEnd
            ? [string.Join(joint, parts.SkipLast(kept)), .. parts.TakeLast(kept)]
            : [.. parts.Take(kept), string.Join(joint, parts.Skip(kept))];
    }

    private static char[]? Characters(IReadOnlyList<object?> arguments) => arguments.Count > 0 && arguments[0] is string characters ? characters.ToCharArray() : null;

    private static IEnumerable<string> Parts(IReadOnlyList<object?> arguments) =>
        arguments.Count > 0 && arguments[0] is List<object?> list ? list.Select(JinjaValue.Text) : [Text(arguments, 0)];

    private static string Text(IReadOnlyList<object?> arguments, int index) => index < arguments.Count && arguments[index] is string text
        ? text
        : throw new ChatTemplateException($"Chat template calls a method with {(index < arguments.Count ? JinjaValue.NameOf(arguments[index]) : "too few arguments")}, expected a text.", 0);

    private static ChatTemplateException Unknown(object? owner, string name) =>
        new($"Chat template calls '{Formats.MessageText.Shown(name)}' of {JinjaValue.NameOf(owner)}, expected a method that is supported.", 0);
}
