namespace Niwaki.Runs;

/// <summary>Gives a scalar of a recipe file its type.</summary>
/// <typeparam name="T">The type.</typeparam>
/// <param name="scalar">The scalar.</param>
/// <param name="value">The value; undefined when the scalar is of another type.</param>
/// <returns>Whether the scalar is of this type. A value out of range is.</returns>
internal delegate bool ScalarParser<T>(RecipeScalar scalar, out T value);
