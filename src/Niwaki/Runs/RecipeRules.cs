using Niwaki.Formats;
using Niwaki.Plans;

namespace Niwaki.Runs;

/// <summary>What must hold for a recipe to be run, beyond what one line of a file can break.</summary>
internal static class RecipeRules
{
    /// <summary>Every fault of a recipe in the order of its keys, then the contradictions.</summary>
    public static IEnumerable<string> FaultsOf(Recipe recipe)
    {
        if (recipe.Model is null)
        {
            yield return "Model is missing, expected the path of a model folder. Name it on the command line or in the recipe as 'model'.";
        }

        if (recipe.WorkingFolder is { } folder && !Path.IsPathFullyQualified(folder))
        {
            yield return $"'working_folder' is '{MessageText.Shown(folder)}', expected an absolute path.";
        }

        foreach (string? fault in RecipeSchema.Fields.Select(field => field.Check(recipe)))
        {
            if (fault is not null)
            {
                yield return fault;
            }
        }

        foreach (string fault in Contradictions(recipe))
        {
            yield return fault;
        }
    }

    private static IEnumerable<string> Contradictions(Recipe recipe)
    {
        (CalibrationOptions calibration, BonsaiOptions bonsai) = (recipe.Calibration, recipe.Bonsai);
        string?[] faults =
        [
            FileFault("calibration", calibration.Source, calibration.File),
            FileFault("evaluation", recipe.Evaluation.Source, recipe.Evaluation.File),
            CalibrationTokens(recipe) > RecordedWindows.MaxTokens
                ? $"'calibration.windows' times 'calibration.window'{(recipe.CalibrationSetCount > 1 ? " times rounds" : "")} is {CalibrationTokens(recipe):N0} tokens, "
                    + $"expected at most {MessageText.Count(RecordedWindows.MaxTokens)}."
                : null,
            bonsai is { Complement: true } && int.IsOddInteger(bonsai.MasksPerRound)
                ? $"'bonsai.masks_per_round' is {ScalarText.Number(bonsai.MasksPerRound)}, expected an even number with 'bonsai.complement'."
                : null,
            bonsai.Explorable * bonsai.PruneFraction > 1
                ? $"'bonsai.explorable' times 'bonsai.prune_fraction' is {ScalarText.Number(bonsai.Explorable * bonsai.PruneFraction)}, "
                    + "expected at most 1, which is every unit."
                : null,
            recipe.Depth is { Search: not DepthSearch.OneShot, Criterion: not (DepthCriterion.Loss or DepthCriterion.Kl) }
                ? "'depth.search' judges whole models, expected 'depth.criterion' loss or kl. With another criterion use 'depth.search: oneshot'."
                : null,
            recipe.Depth is { Order: not null, Search: not DepthSearch.OneShot }
                ? "'depth.order' names the order of the units, expected no 'depth.search' beside it."
                : null,
            ProfileFault(recipe),
            TextFault(recipe),
            recipe.Method == PruningMethod.Niwaki && Math.Min(calibration.Windows, recipe.Niwaki.WindowsPerGroup) < 2
                ? "'calibration.windows' and 'niwaki.windows_per_group' are at least 2 with method niwaki, which compares two halves, but one of them is 1."
                : null,
            DepthWidthFault(recipe),
            bonsai is { Prior: ImportancePrior.Taylor, Perturb: true, Regression: RegressionKind.None }
                ? "'bonsai.prior' is taylor, expected a prior of forward passes with 'bonsai.regression: none', which takes it for every sub-model."
                : null,
            bonsai.RegressionScope == RegressionScope.Local && bonsai.Regression != RegressionKind.Published
                ? "'bonsai.regression_scope' is local, expected global unless 'bonsai.regression' is published."
                : null,
        ];
        return faults.OfType<string>();
    }

    /// <summary>What decides and what measures must be two texts, of which the second fits the file that keeps it.</summary>
    private static string? TextFault(Recipe recipe)
    {
        (CalibrationOptions calibration, EvaluationOptions evaluation) = (recipe.Calibration, recipe.Evaluation);
        if (calibration is { Source: TextSource.File, File: { } first } && evaluation is { Source: TextSource.File, File: { } second } && recipe.FullPath(first) == recipe.FullPath(second))
        {
            return $"'evaluation.file' is '{MessageText.Shown(second)}', expected another text than 'calibration.file': a model measured on what decided looks better than it is.";
        }

        if (calibration.Source == TextSource.Self && evaluation.Source == TextSource.Self && calibration.Temperature == 0)
        {
            return "'calibration.temperature' is 0 with two texts that the model writes itself, expected above 0: it would write the same text twice.";
        }

        long tokens = (evaluation.Windows ?? 0L) * evaluation.Window;
        return tokens > RecordedWindows.MaxTokens
            ? $"'evaluation.windows' times 'evaluation.window' is {MessageText.Count(tokens)} tokens, expected at most {MessageText.Count(RecordedWindows.MaxTokens)}."
            : null;
    }

    /// <summary>Depth then width searches greedily, judges whole models and reads one set of windows: what it would not look at is refused.</summary>
    private static string? DepthWidthFault(Recipe recipe)
    {
        const string With = "with method depth+width, which searches greedily by";
        return recipe.Method != PruningMethod.DepthWidth ? null : recipe switch
        {
            { Depth.Criterion: not (DepthCriterion.Loss or DepthCriterion.Kl) } => $"'depth.criterion' is {recipe.Depth.Criterion.ToString().ToLowerInvariant()}, expected loss or kl {With} them.",
            { Depth.Search: DepthSearch.Swaps } or { Depth.FullPath: true } or { Depth.Order: not null } =>
                $"'depth.search' swaps, 'depth.full_path' and 'depth.order' are not possible {With} itself. Leave them out.",
            { Bonsai.CalibrationSets: not CalibrationSets.Fixed } => "'bonsai.calibration_sets' is not fixed, expected fixed with method depth+width.",
            _ => null,
        };
    }

    /// <summary>What of a method a profile rules out.</summary>
    private static string? ProfileFault(Recipe recipe)
    {
        if (recipe.Profile is not { } profile || !Enum.IsDefined(profile))
        {
            return null;
        }

        ProfileRule rule = ProfileRule.Of(profile);
        string method = PruningMethodNames.All.FirstOrDefault(entry => entry.Method == recipe.Method).Name;
        bool cutsBlocks = recipe.Method is PruningMethod.Depth or PruningMethod.DepthWidth;
        if (!rule.CutsWidth && recipe.Method != PruningMethod.Depth)
        {
            return $"Profile is {rule.Name}, where whole blocks go, expected method depth, but it is {method}. Choose profile uniform for equal heads and neurons.";
        }

        return cutsBlocks && !rule.CutsSubLayers && recipe.Depth.Units == DepthUnit.Sublayer
            ? $"'depth.units' is sublayer, expected block with profile {rule.Name}, where every block has its attention and its MLP."
            : null;
    }

    /// <summary>A number of 64 bits could overflow with as many sets as a tiny share a round makes.</summary>
    private static decimal CalibrationTokens(Recipe recipe) =>
        (decimal)recipe.Calibration.Windows * recipe.Calibration.Window * recipe.CalibrationSetCount;

    private static string? FileFault(string section, TextSource source, string? file) => (source, file) switch
    {
        (TextSource.File, null) => $"'{section}.file' is missing, expected the path of a text file because '{section}.source' is file.",
        (TextSource.Self, not null) =>
            $"'{section}.source' is self, expected file because '{section}.file' is '{MessageText.Shown(file)}'. Leave one of them out.",
        _ => null,
    };
}
