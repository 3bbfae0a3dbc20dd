namespace Niwaki.Tokenizers.Chat;

/// <summary>Tests, such as <c>x is defined</c>.</summary>
internal static class JinjaTests
{
    private static readonly Dictionary<string, Func<object?, object?, bool>> Known = new(StringComparer.Ordinal)
    {
        ["defined"] = (value, _) => value != JinjaValue.Undefined,
        ["undefined"] = (value, _) => value == JinjaValue.Undefined,
        ["none"] = (value, _) => value is null,
        ["string"] = (value, _) => value is string,
        ["number"] = (value, _) => value is long or double or bool,
        ["integer"] = (value, _) => value is long,
        ["float"] = (value, _) => value is double,
        ["boolean"] = (value, _) => value is bool,
        ["true"] = (value, _) => value is true,
        ["false"] = (value, _) => value is false,
        ["mapping"] = (value, _) => value is JinjaMap,
        ["iterable"] = (value, _) => value is string or List<object?> or JinjaMap,
        ["sequence"] = (value, _) => value is string or List<object?> or JinjaMap,
        ["callable"] = (value, _) => value is JinjaFunction,
        ["odd"] = (value, _) => JinjaValue.Integer(value) % 2 != 0,
        ["even"] = (value, _) => JinjaValue.Integer(value) % 2 == 0,
        ["equalto"] = JinjaValue.AreEqual,
        ["eq"] = JinjaValue.AreEqual,
        ["ne"] = (value, other) => !JinjaValue.AreEqual(value, other),
        ["in"] = JinjaExpressions.IsIn,
    };

    /// <summary>All names, for messages.</summary>
    public static string Names => string.Join(", ", Known.Keys);

    /// <summary>A test; null where there is none of the name.</summary>
    public static Func<object?, object?, bool>? Find(string name) => Known.GetValueOrDefault(name);

    /// <summary>Whether a test compares with another value.</summary>
    public static bool TakesArgument(string name) => name is "equalto" or "eq" or "ne" or "in";
}
