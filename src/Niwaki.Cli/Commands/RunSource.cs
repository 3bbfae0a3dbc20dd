using Niwaki.Cli.Output;
using Niwaki.Formats.HuggingFace;
using Niwaki.Plans;
using Niwaki.Runs;

namespace Niwaki.Cli.Commands;

/// <summary>The model that a run was made from.</summary>
internal static class RunSource
{
    /// <summary>Its folder, if it is there and still the model that was pruned; else a line on stderr says why not.</summary>
    /// <param name="recipe">Recipe of the run.</param>
    /// <param name="plan">What was decided; null: the run has not ended, and the source is not compared.</param>
    /// <param name="terminal">Where the line goes.</param>
    /// <param name="without">What happens without the source.</param>
    public static string? Find(Recipe recipe, PruningPlan? plan, Terminal terminal, string without)
    {
        string? path = recipe.Model is { } model ? recipe.FullPath(model) : null;
        if (path is null || !Path.Exists(path))
        {
            terminal.Error.WriteLine($"The source '{path ?? "none"}' is not there: {without}");
            return null;
        }

        using var checkpoint = Checkpoint.Open(path);
        if (plan is null || plan.SourceStructureHash == checkpoint.StructureHash)
        {
            return path;
        }

        terminal.Error.WriteLine($"'{path}' is another model than the one that was pruned: {without}");
        return null;
    }
}
