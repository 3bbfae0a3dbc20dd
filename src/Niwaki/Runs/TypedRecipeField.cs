namespace Niwaki.Runs;

/// <summary>A key of a pruning recipe with the type of its values.</summary>
/// <typeparam name="T">Type of the property of the recipe.</typeparam>
/// <param name="path">Section and key.</param>
/// <param name="rule">Which values there are and how they are written.</param>
/// <param name="get">Takes the value out of a recipe.</param>
/// <param name="with">A recipe like the given one with another value.</param>
/// <param name="elsewhere">Names of the same thing in the published tools.</param>
internal sealed class TypedRecipeField<T>(
    string path,
    ScalarRule<T> rule,
    Func<Recipe, T> get,
    Func<Recipe, T, Recipe> with,
    params IReadOnlyList<string> elsewhere)
    : TypedSchemaField<Recipe, T>(path, rule, get, with, elsewhere);
