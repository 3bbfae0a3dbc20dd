using Niwaki.Plans;

namespace Niwaki.Runs;

/// <summary>The keys of a recipe, in the order in which they are written. The only place that knows their names and ranges.</summary>
internal static class RecipeSchema
{
    /// <summary>More windows, or longer ones, than any published calibration has: 2^20.</summary>
    private const int MaxCount = 1 << 20;

    private static readonly ScalarRule<TextSource> Source = ScalarRules.Choice(("self", TextSource.Self), ("file", TextSource.File));

    private static readonly RecipeField[] General =
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
        new TypedRecipeField<ScoringPrecision>(
            "precision",
            ScalarRules.Choice(("exact", ScoringPrecision.Exact), ("int16", ScoringPrecision.Int16)),
            recipe => recipe.Precision,
            (recipe, value) => recipe with { Precision = value }),
    ];

    private static readonly RecipeField[] Texts =
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

    private static readonly RecipeField[] Methods =
    [
        Bonsai(
            "prune_fraction",
            ScalarRules.Fraction,
            options => options.PruneFraction,
            (options, value) => options with { PruneFraction = value },
            "prune_frac"),
        Bonsai(
            "masks_per_round",
            ScalarRules.Count(2, 1_000_000),
            options => options.MasksPerRound,
            (options, value) => options with { MasksPerRound = value },
            "masks_per_iter"),
        Bonsai(
            "prior",
            ScalarRules.Choice(
                ("wanda", ImportancePrior.Wanda),
                ("activation", ImportancePrior.Activation),
                ("magnitude", ImportancePrior.Magnitude),
                ("random", ImportancePrior.Random),
                ("fluctuation", ImportancePrior.Fluctuation)),
            options => options.Prior,
            (options, value) => options with { Prior = value },
            "prune_method"),
        Bonsai("complement", ScalarRules.Flag, options => options.Complement, (options, value) => options with { Complement = value }),
        Bonsai(
            "ridge",
            ScalarRules.Number("a number from 1e-9 to 1,000", value => value is >= 1e-9 and <= 1000),
            options => options.Ridge,
            (options, value) => options with { Ridge = value }),
        Bonsai(
            "mlp_attention_ratio",
            ScalarRules.Number("a number above 0, up to 100", value => value is > 0 and <= 100),
            options => options.MlpAttentionRatio,
            (options, value) => options with { MlpAttentionRatio = value },
            "mlp_attn_ratio"),
        Bonsai(
            "explorable",
            ScalarRules.Number("a number from 1 to 1,000", value => value is >= 1 and <= 1000),
            options => options.Explorable,
            (options, value) => options with { Explorable = value }),
        .. BonsaiRecipeFields.All,
        .. NiwakiRecipeFields.All,
        Depth(
            "criterion",
            ScalarRules.Choice(
                ("loss", DepthCriterion.Loss),
                ("kl", DepthCriterion.Kl),
                ("magnitude", DepthCriterion.Magnitude),
                ("influence", DepthCriterion.Influence),
                ("last", DepthCriterion.Last),
                ("random", DepthCriterion.Random)),
            options => options.Criterion,
            (options, value) => options with { Criterion = value }),
        Depth(
            "search",
            ScalarRules.Choice(("oneshot", DepthSearch.OneShot), ("greedy", DepthSearch.Greedy), ("swaps", DepthSearch.Swaps)),
            options => options.Search,
            (options, value) => options with { Search = value }),
        Depth(
            "units",
            ScalarRules.Choice(("block", DepthUnit.Block), ("sublayer", DepthUnit.Sublayer)),
            options => options.Units,
            (options, value) => options with { Units = value }),
        Depth("plus", ScalarRules.FlagOrNull, options => options.Plus, (options, value) => options with { Plus = value }, "no_plus_heuristic"),
        Depth(
            "blocks",
            ScalarRules.CountOrNull(1, 10_000),
            options => options.Blocks,
            (options, value) => options with { Blocks = value },
            "num_pruned_blocks"),
        Depth(
            "magnitude_power",
            ScalarRules.OneOf(1, 2),
            options => options.MagnitudePower,
            (options, value) => options with { MagnitudePower = value },
            "norm_power"),
        Depth("full_path", ScalarRules.Flag, options => options.FullPath, (options, value) => options with { FullPath = value }),
        Depth("order", ScalarRules.Path, options => options.Order, (options, value) => options with { Order = value }, "block_order_csv"),
    ];

    /// <summary>All keys; those of a section stand together.</summary>
    public static IReadOnlyList<RecipeField> Fields { get; } = [.. General, .. Texts, .. Methods];

    /// <summary>Keys that hold further keys.</summary>
    public static IReadOnlyList<string> Sections { get; } =
        [.. Fields.Select(field => field.Section).Where(section => section.Length > 0).Distinct()];

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

    private static TypedRecipeField<T> Bonsai<T>(
        string key,
        ScalarRule<T> rule,
        Func<BonsaiOptions, T> get,
        Func<BonsaiOptions, T, BonsaiOptions> with,
        params IReadOnlyList<string> elsewhere) =>
        new("bonsai." + key, rule, recipe => get(recipe.Bonsai), (recipe, value) => recipe with { Bonsai = with(recipe.Bonsai, value) }, elsewhere);

    private static TypedRecipeField<T> Depth<T>(
        string key,
        ScalarRule<T> rule,
        Func<DepthOptions, T> get,
        Func<DepthOptions, T, DepthOptions> with,
        params IReadOnlyList<string> elsewhere) =>
        new("depth." + key, rule, recipe => get(recipe.Depth), (recipe, value) => recipe with { Depth = with(recipe.Depth, value) }, elsewhere);
}
