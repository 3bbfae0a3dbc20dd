namespace Niwaki.Tokenizers.Chat;

/// <summary>A dictionary of a template, in the order in which it was filled; also a namespace, whose fields can be set.</summary>
internal sealed class JinjaMap
{
    private readonly Dictionary<string, object?> _values = new(StringComparer.Ordinal);
    private readonly List<string> _names = [];

    /// <summary>Whether <c>set ns.field = …</c> is allowed.</summary>
    public bool IsNamespace { get; init; }

    /// <summary>Names in their order.</summary>
    public IReadOnlyList<string> Names => _names;

    public object? this[string name]
    {
        get => _values.TryGetValue(name, out object? value) ? value : JinjaValue.Undefined;
        set
        {
            if (!_values.ContainsKey(name))
            {
                _names.Add(name);
            }

            _values[name] = value;
        }
    }

    public bool Has(string name) => _values.ContainsKey(name);
}
