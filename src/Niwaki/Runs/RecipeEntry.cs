namespace Niwaki.Runs;

/// <summary>A key of a recipe file with its value.</summary>
/// <param name="Section">Key of the section it stands in; empty at the top level.</param>
/// <param name="Key">The key.</param>
/// <param name="Value">The value; null when keys with values follow instead, that is, a section begins.</param>
/// <param name="Line">Line of the key, counted from 1.</param>
internal readonly record struct RecipeEntry(string Section, string Key, RecipeScalar? Value, long Line);
