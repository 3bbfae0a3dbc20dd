namespace Niwaki.Runs;

/// <summary>A key of a recipe with the type of its values.</summary>
/// <typeparam name="T">Type of the property of the recipe.</typeparam>
internal sealed class TypedRecipeField<T> : RecipeField
{
    private readonly ScalarRule<T> _rule;
    private readonly Func<Recipe, T> _get;
    private readonly Func<Recipe, T, Recipe> _with;

    /// <summary>Makes a field.</summary>
    /// <param name="path">Section and key.</param>
    /// <param name="rule">Which values there are and how they are written.</param>
    /// <param name="get">Takes the value out of a recipe.</param>
    /// <param name="with">A recipe like the given one with another value.</param>
    /// <param name="elsewhere">Names of the same thing in the published tools.</param>
    public TypedRecipeField(
        string path,
        ScalarRule<T> rule,
        Func<Recipe, T> get,
        Func<Recipe, T, Recipe> with,
        params IReadOnlyList<string> elsewhere)
        : base(path, elsewhere)
    {
        _rule = rule;
        _get = get;
        _with = with;
    }

    /// <inheritdoc/>
    public override string? Read(ref Recipe recipe, RecipeScalar value)
    {
        if (!_rule.TryParse(value, out T parsed))
        {
            return $"{Label(Path)} is {ScalarText.Shown(value)}, expected {_rule.Expected}.{ScalarText.Sentence(_rule.TextHint(value.Text))}";
        }

        if (Fault(parsed) is { } fault)
        {
            return fault;
        }

        recipe = _with(recipe, parsed);
        return null;
    }

    /// <inheritdoc/>
    public override string Write(Recipe recipe) => _rule.Format(_get(recipe));

    /// <inheritdoc/>
    public override string? Check(Recipe recipe) => Fault(_get(recipe));

    private string? Fault(T value) => _rule.Holds(value)
        ? null
        : $"{Label(Path)} is {_rule.Format(value)}, expected {_rule.Expected}.{ScalarText.Sentence(_rule.ValueHint(value))}";
}
