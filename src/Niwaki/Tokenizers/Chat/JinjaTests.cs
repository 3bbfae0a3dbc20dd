namespace Niwaki.Tokenizers.Chat;

/// <summary>Tests, such as <c>x is defined</c>.</summary>
internal static class JinjaTests
{
    private static readonly Dictionary<string, Func<JinjaRun, object?, object?, bool>> Known = new(StringComparer.Ordinal)
    {
        ["defined"] = (_, value, _) => value != JinjaValue.Undefined,
        ["undefined"] = (_, value, _) => value == JinjaValue.Undefined,
        ["none"] = (_, value, _) => value is null,
        ["string"] = (_, value, _) => value is string,
        ["number"] = (_, value, _) => value is long or double or bool,
        ["integer"] = (_, value, _) => value is long,
        ["float"] = (_, value, _) => value is double,
        ["boolean"] = (_, value, _) => value is bool,
        ["true"] = (_, value, _) => value is true,
        ["false"] = (_, value, _) => value is false,
        ["mapping"] = (_, value, _) => value is JinjaMap,
        ["iterable"] = (_, value, _) => value is string or List<object?> or JinjaMap,
        ["sequence"] = (_, value, _) => value is string or List<object?> or JinjaMap,
        ["callable"] = (_, value, _) => value is JinjaFunction,
        ["odd"] = (_, value, _) => JinjaValue.Integer(value) % 2 != 0,
        ["even"] = (_, value, _) => JinjaValue.Integer(value) % 2 == 0,
        ["equalto"] = JinjaComparison.AreEqual,
        ["eq"] = JinjaComparison.AreEqual,
        ["ne"] = (run, value, other) => !JinjaComparison.AreEqual(run, value, other),
        ["in"] = JinjaComparison.IsIn,
    };

    /// <summary>All names, for messages.</summary>
    public static string Names => string.Join(", ", Known.Keys);

    /// <summary>A test; null where there is none of the name.</summary>
    public static Func<JinjaRun, object?, object?, bool>? Find(string name) => Known.GetValueOrDefault(name);

    /// <summary>Whether a test compares with another value.</summary>
    public static bool TakesArgument(string name) => name is "equalto" or "eq" or "ne" or "in";
}
