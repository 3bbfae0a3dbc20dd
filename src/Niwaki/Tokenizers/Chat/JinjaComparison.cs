namespace Niwaki.Tokenizers.Chat;

/// <summary>Equality, order and membership, as Python has them; what is gone through for them counts.</summary>
internal static class JinjaComparison
{
    /// <summary>A comparison of two values by its sign.</summary>
    public static bool Apply(JinjaRun run, string sign, object? a, object? b) => sign switch
    {
        "==" => AreEqual(run, a, b),
        "!=" => !AreEqual(run, a, b),
        "<" => Order(run, a, b) < 0,
        ">" => Order(run, a, b) > 0,
        "<=" => Order(run, a, b) <= 0,
        _ => Order(run, a, b) >= 0,
    };

    /// <summary>Whether two values are equal; lists and dictionaries are where they look the same.</summary>
    public static bool AreEqual(JinjaRun run, object? a, object? b)
    {
        run.Pass(1);
        return (a, b) switch
        {
            (string x, string y) => AreSame(run, x, y),
            (List<object?> or JinjaMap, List<object?> or JinjaMap) => ReferenceEquals(a, b) || (a.GetType() == b.GetType() && run.Made(JinjaValue.Shown(a)) == run.Made(JinjaValue.Shown(b))),
            _ when JinjaValue.IsNumber(a) && JinjaValue.IsNumber(b) => JinjaValue.Number(a) == JinjaValue.Number(b),
            _ => a is null ? b is null : ReferenceEquals(a, b),
        };
    }

    /// <summary>Whether a value is an item of a list, a name of a dictionary or a part of a text.</summary>
    public static bool IsIn(JinjaRun run, object? item, object? container) => container switch
    {
        string text => item is string part && Contains(run, text, part),
        JinjaMap map => item is string name && map.Has(run.Made(name)),
        _ => JinjaValue.Items(run, container).Any(other => AreEqual(run, item, other)),
    };

    /// <summary>Texts of different lengths, and one text twice, are told without a look at their characters.</summary>
    private static bool AreSame(JinjaRun run, string a, string b)
    {
        if (ReferenceEquals(a, b) || a.Length != b.Length)
        {
            return ReferenceEquals(a, b);
        }

        run.Pass(a.Length);
        return string.Equals(a, b, StringComparison.Ordinal);
    }

    private static bool Contains(JinjaRun run, string text, string part)
    {
        run.Search(text, part);
        return text.Contains(part, StringComparison.Ordinal);
    }

    private static int Order(JinjaRun run, object? a, object? b)
    {
        if (a is string x && b is string y)
        {
            run.Pass(Math.Min(x.Length, y.Length));
        }

        return JinjaValue.Compare(a, b);
    }
}
