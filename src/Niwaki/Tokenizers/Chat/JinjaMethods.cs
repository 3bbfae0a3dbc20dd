namespace Niwaki.Tokenizers.Chat;

/// <summary>Methods of texts and dictionaries.</summary>
internal static class JinjaMethods
{
    /// <summary>Calls a method.</summary>
    public static object? Call(JinjaRun run, object? owner, string name, IReadOnlyList<object?> arguments) => owner switch
    {
        string text => OfText(run, text, name, arguments),
        JinjaMap map => OfMap(run, map, name, arguments),
        List<object?> list when name == "index" && arguments.Count == 1 => (long)list.FindIndex(item => JinjaComparison.AreEqual(run, item, arguments[0])),
        List<object?> list when name == "count" && arguments.Count == 1 => (long)list.Count(item => JinjaComparison.AreEqual(run, item, arguments[0])),
        _ => throw Unknown(owner, name),
    };

    /// <summary>Items as texts with something between them.</summary>
    public static string Join(JinjaRun run, string separator, object? items)
    {
        var text = new BoundedText();
        IReadOnlyList<object?> all = JinjaValue.Items(run, items);
        run.GoThrough(all.Count);
        return run.Made(text.Join(separator, all, item => text.Add(JinjaValue.Text(item))).ToString());
    }

    private static object? OfText(JinjaRun run, string text, string name, IReadOnlyList<object?> arguments) => name switch
    {
        "startswith" => Parts(run, arguments).Any(part => text.StartsWith(part, StringComparison.Ordinal)),
        "endswith" => Parts(run, arguments).Any(part => text.EndsWith(part, StringComparison.Ordinal)),
        "split" => Split(run, text, arguments, fromEnd: false),
        "rsplit" => Split(run, text, arguments, fromEnd: true),
        "replace" => Replace(run, text, arguments),
        "find" => (long)text.IndexOf(Sought(run, text, arguments), StringComparison.Ordinal),
        "count" => (long)(text.Split(Sought(run, text, arguments)).Length - 1),
        "join" => Join(run, text, arguments.Count > 0 ? arguments[0] : null),
        _ => Whole(run, text, name, arguments),
    };

    /// <summary>Methods that go through the whole text and make one of at most its length.</summary>
    private static object? Whole(JinjaRun run, string text, string name, IReadOnlyList<object?> arguments) => name switch
    {
        "strip" => run.Made(text).Trim(Characters(run, text, arguments)),
        "lstrip" => run.Made(text).TrimStart(Characters(run, text, arguments)),
        "rstrip" => run.Made(text).TrimEnd(Characters(run, text, arguments)),
        "splitlines" => Items(run, run.Made(text).Split('\n')),
        "upper" => run.Made(text).ToUpperInvariant(),
        "lower" => run.Made(text).ToLowerInvariant(),
        "title" => JinjaFilters.Title(run.Made(text)),
        "capitalize" => JinjaFilters.Capitalize(run.Made(text)),
        "isdigit" => text.Length > 0 && run.Made(text).All(char.IsDigit),
        _ => throw Unknown(text, name),
    };

    private static object? OfMap(JinjaRun run, JinjaMap map, string name, IReadOnlyList<object?> arguments)
    {
        if (name == "get")
        {
            string key = run.Made(Text(arguments, 0));
            return map.Has(key) ? map[key] : arguments.Count > 1 ? arguments[1] : null;
        }

        run.Make(map.Names.Count);
        return name switch
        {
            "items" => map.Names.Select(object? (key) => new List<object?> { key, map[key] }).ToList(),
            "keys" => map.Names.Select(key => (object?)key).ToList(),
            "values" => map.Names.Select(key => map[key]).ToList(),
            _ => throw Unknown(map, name),
        };
    }

    private static string Replace(JinjaRun run, string text, IReadOnlyList<object?> arguments)
    {
        string from = Sought(run, text, arguments), to = Text(arguments, 1);
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

    private static List<object?> Split(JinjaRun run, string text, IReadOnlyList<object?> arguments, bool fromEnd)
    {
        string? separator = arguments.Count > 0 && arguments[0] is not null ? Sought(run, text, arguments) : null;
        string[] parts = separator switch
        {
            null => run.Made(text).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries),
            "" => throw new ChatTemplateException("Chat template splits at an empty text, expected one of a character or more.", 0),
            _ => text.Split(separator),
        };
        long most = arguments.Count > 1 ? JinjaValue.Integer(arguments[1]) : -1;
        if (most < 0 || parts.Length - 1 <= most)
        {
            return Items(run, parts);
        }

        string joint = separator ?? " ";
        int kept = (int)most;
        run.Make(kept + 1);
        return fromEnd
            ? [string.Join(joint, parts.SkipLast(kept)), .. parts.TakeLast(kept)]
            : [.. parts.Take(kept), string.Join(joint, parts.Skip(kept))];
    }

    private static List<object?> Items(JinjaRun run, string[] parts)
    {
        run.Make(parts.Length);
        return [.. parts];
    }

    /// <summary>What is taken off the ends of a text; null: white space.</summary>
    private static char[]? Characters(JinjaRun run, string text, IReadOnlyList<object?> arguments)
    {
        if (arguments.Count == 0 || arguments[0] is not string characters)
        {
            return null;
        }

        run.Search(text, characters);
        return characters.ToCharArray();
    }

    /// <summary>What a text may begin or end with.</summary>
    private static IEnumerable<string> Parts(JinjaRun run, IReadOnlyList<object?> arguments) => arguments.Count > 0 && arguments[0] is List<object?> list
        ? list.Select(part => run.Made(JinjaValue.Text(part)))
        : [run.Made(Text(arguments, 0))];

    /// <summary>The first argument, for which the whole text is searched.</summary>
    private static string Sought(JinjaRun run, string text, IReadOnlyList<object?> arguments)
    {
        string part = Text(arguments, 0);
        run.Search(text, part);
        return part;
    }

    private static string Text(IReadOnlyList<object?> arguments, int index) => index < arguments.Count && arguments[index] is string text
        ? text
        : throw new ChatTemplateException($"Chat template calls a method with {(index < arguments.Count ? JinjaValue.NameOf(arguments[index]) : "too few arguments")}, expected a text.", 0);

    private static ChatTemplateException Unknown(object? owner, string name) =>
        new($"Chat template calls '{Formats.MessageText.Shown(name)}' of {JinjaValue.NameOf(owner)}, expected a method that is supported.", 0);
}
