namespace Niwaki.Runs;

/// <summary>A key of a record with the type of its values.</summary>
/// <typeparam name="TRecord">The record.</typeparam>
/// <typeparam name="T">Type of the property.</typeparam>
internal class TypedSchemaField<TRecord, T> : SchemaField<TRecord>
{
    private readonly ScalarRule<T> _rule;
    private readonly Func<TRecord, T> _get;
    private readonly Func<TRecord, T, TRecord> _with;

    /// <summary>Makes a field.</summary>
    /// <param name="path">Section and key.</param>
    /// <param name="rule">Which values there are and how they are written.</param>
    /// <param name="get">Takes the value out of a record.</param>
    /// <param name="with">A record like the given one with another value.</param>
    /// <param name="elsewhere">Names of the same thing in the published tools.</param>
    public TypedSchemaField(
        string path,
        ScalarRule<T> rule,
        Func<TRecord, T> get,
        Func<TRecord, T, TRecord> with,
        params IReadOnlyList<string> elsewhere)
        : base(path, elsewhere)
    {
        _rule = rule;
        _get = get;
        _with = with;
    }

    /// <inheritdoc/>
    public override string? Read(ref TRecord record, RecipeScalar value)
    {
        if (!_rule.TryParse(value, out T parsed))
        {
            return $"{RecipeField.Label(Path)} is {ScalarText.Shown(value)}, expected {_rule.Expected}.{ScalarText.Sentence(_rule.TextHint(value.Text))}";
        }

        if (Fault(parsed) is { } fault)
        {
            return fault;
        }

        record = _with(record, parsed);
        return null;
    }

    /// <inheritdoc/>
    public override string Write(TRecord record) => _rule.Format(_get(record));

    /// <inheritdoc/>
    public override string? Check(TRecord record) => Fault(_get(record));

    private string? Fault(T value) => _rule.Holds(value)
        ? null
        : $"{RecipeField.Label(Path)} is {_rule.Format(value)}, expected {_rule.Expected}.{ScalarText.Sentence(_rule.ValueHint(value))}";
}
