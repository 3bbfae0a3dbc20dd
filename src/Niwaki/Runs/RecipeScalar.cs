namespace Niwaki.Runs;

/// <summary>A value of a recipe file before it has a type.</summary>
/// <param name="Text">The text without quotes.</param>
/// <param name="IsQuoted">Whether it stood in quotes, which makes it a text whatever it looks like.</param>
/// <param name="Line">Line of the file, counted from 1.</param>
internal readonly record struct RecipeScalar(string Text, bool IsQuoted, long Line)
{
    /// <summary>Whether the value is YAML's null.</summary>
    public bool IsNull => !IsQuoted && Text is "" or "~" or "null" or "Null" or "NULL";
}
