using Niwaki.Plans;

namespace Niwaki.Runs;

/// <summary>The keys of a recipe, in the order in which they are written. The only place that knows their names and ranges.</summary>
internal static class RecipeSchema
{
    /// <summary>More windows, or longer ones, than any published calibration has: 2^20.</summary>
    private const int MaxCount = 1 << 20;

    private static readonly ScalarRule<TextSource> Source = ScalarRules.Choice(("self", TextSource.Self), ("file", TextSource.File));

    private static readonly SchemaField<Recipe>[] General =
    [
        new TypedRecipeField<PruningMethod>(
            "method",
            ScalarRules.Choice([.. PruningMethodNames.All]),
            recipe => recipe.Method,
            (recipe, value) => recipe with { Method = value }),
        new TypedRecipeField<string?>(
            "model", ScalarRules.Path, recipe => recipe.Model, (recipe, value) => recipe with { Model = value }, "base_model"),
        new TypedRecipeField<string?>(
            "working_folder", ScalarRules.Path, recipe => recipe.WorkingFolder, (recipe, value) => recipe with { WorkingFolder = value }),
        new TypedRecipeField<double>(
            "sparsity",
            ScalarRules.Fraction,
            recipe => recipe.Sparsity,
            (recipe, value) => recipe with { Sparsity = value },
            "sparsity_ratio",
            "pruning_ratio"),
        new TypedRecipeField<long>("seed", ScalarRules.WholeNumber, recipe => recipe.Seed, (recipe, value) => recipe with { Seed = value }),
        new TypedRecipeField<int>(
            "round_to", ScalarRules.OneOf(1, 32, 64, 128, 256), recipe => recipe.RoundTo, (recipe, value) => recipe with { RoundTo = value }),
        new TypedRecipeField<ShapeProfile?>(
            "profile",
            ScalarRules.ChoiceOrNull([.. ProfileRule.All.Select(rule => (rule.Name, rule.Profile))]),
            recipe => recipe.Profile,
            (recipe, value) => recipe with { Profile = value }),
        new TypedRecipeField<WidthUnits>(
            "width_units",
            ScalarRules.Choice(("all", WidthUnits.All), ("groups", WidthUnits.Groups), ("neurons", WidthUnits.Neurons)),
            recipe => recipe.WidthUnits,
            (recipe, value) => recipe with { WidthUnits = value }),
        new TypedRecipeField<ScoringPrecision>(
            "precision",
            ScalarRules.Choice(("exact", ScoringPrecision.Exact), ("int16", ScoringPrecision.Int16)),
            recipe => recipe.Precision,
            (recipe, value) => recipe with { Precision = value }),
    ];

    private static readonly SchemaField<Recipe>[] Texts =
    [
        Calibration("source", Source, options => options.Source, (options, value) => options with { Source = value }),
        Calibration("file", ScalarRules.Path, options => options.File, (options, value) => options with { File = value }, "dataset"),
        Calibration(
            "windows",
            ScalarRules.Count(1, MaxCount),
            options => options.Windows,
            (options, value) => options with { Windows = value },
            "nsamples",
            "num_calib_data"),
        Calibration(
            "window",
            ScalarRules.Count(2, MaxCount),
            options => options.Window,
            (options, value) => options with { Window = value },
            "seqlen",
            "max_seq_len"),
        Calibration(
            "temperature",
            ScalarRules.Number("a number from 0 to 10", value => value is >= 0 and <= 10),
            options => options.Temperature,
            (options, value) => options with { Temperature = value }),
        Calibration("top_p", ScalarRules.FractionOrOne, options => options.TopP, (options, value) => options with { TopP = value }),
        Evaluation("source", Source, options => options.Source, (options, value) => options with { Source = value }),
        Evaluation("file", ScalarRules.Path, options => options.File, (options, value) => options with { File = value }),
        Evaluation("windows", ScalarRules.CountOrNull(1, MaxCount), options => options.Windows, (options, value) => options with { Windows = value }),
        Evaluation("window", ScalarRules.Count(2, MaxCount), options => options.Window, (options, value) => options with { Window = value }),
    ];

    /// <summary>All keys; those of a section stand together.</summary>
    public static IReadOnlyList<SchemaField<Recipe>> Fields { get; } = [.. General, .. Texts, .. BonsaiRecipeFields.All, .. NiwakiRecipeFields.All, .. DepthRecipeFields.All];

    /// <summary>The keys as a schema.</summary>
    public static RecordSchema<Recipe> Schema { get; } = new(Fields, "recipes");

    private static TypedRecipeField<T> Calibration<T>(
        string key,
        ScalarRule<T> rule,
        Func<CalibrationOptions, T> get,
        Func<CalibrationOptions, T, CalibrationOptions> with,
        params IReadOnlyList<string> elsewhere) =>
        new(
            "calibration." + key,
            rule,
            recipe => get(recipe.Calibration),
            (recipe, value) => recipe with { Calibration = with(recipe.Calibration, value) },
            elsewhere);

    private static TypedRecipeField<T> Evaluation<T>(
        string key, ScalarRule<T> rule, Func<EvaluationOptions, T> get, Func<EvaluationOptions, T, EvaluationOptions> with) =>
        new(
            "evaluation." + key,
            rule,
            recipe => get(recipe.Evaluation),
            (recipe, value) => recipe with { Evaluation = with(recipe.Evaluation, value) });
}
