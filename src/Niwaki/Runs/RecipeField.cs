namespace Niwaki.Runs;

/// <summary>How messages speak of the keys of a recipe.</summary>
internal static class RecipeField
{
    /// <summary>How messages call a key: a single word like a name, anything else in quotes.</summary>
    public static string Label(string path) =>
        path.All(char.IsAsciiLetterLower) ? char.ToUpperInvariant(path[0]) + path[1..] : $"'{path}'";
}
