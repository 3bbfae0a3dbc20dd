namespace Niwaki.Runs;

/// <summary>Makes a recipe from a YAML text.</summary>
internal static class RecipeReader
{
    /// <summary>Reads a file.</summary>
    public static Recipe ReadFile(string path) => TakeSourceFromFile(SchemaReader<Recipe>.ReadFile(RecipeSchema.Schema, new Recipe(), path));

    /// <summary>Reads a text.</summary>
    public static Recipe Read(string yaml, string file) => TakeSourceFromFile(SchemaReader<Recipe>.Read(RecipeSchema.Schema, new Recipe(), yaml, file));

    /// <summary>A text file that is named is meant, also where <c>source: file</c> is left out.</summary>
    private static Recipe TakeSourceFromFile((Recipe Recipe, IReadOnlyList<RecipeEntry> Entries) read)
    {
        Recipe recipe = read.Recipe;
        if (recipe.Calibration.File is not null && !read.Entries.Any(entry => entry is { Section: "calibration", Key: "source" }))
        {
            recipe = recipe with { Calibration = recipe.Calibration with { Source = TextSource.File } };
        }

        if (recipe.Evaluation.File is not null && !read.Entries.Any(entry => entry is { Section: "evaluation", Key: "source" }))
        {
            recipe = recipe with { Evaluation = recipe.Evaluation with { Source = TextSource.File } };
        }

        return recipe;
    }
}
