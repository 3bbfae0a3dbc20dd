namespace Niwaki.Runs;

/// <summary>Keys of the section <c>bonsai</c>.</summary>
internal static class BonsaiRecipeFields
{
    /// <summary>The keys, in the order in which they are written.</summary>
    public static SchemaField<Recipe>[] All { get; } =
    [
        Field(
            "prune_fraction",
            ScalarRules.Fraction,
            options => options.PruneFraction,
            (options, value) => options with { PruneFraction = value },
            "prune_frac"),
        Field(
            "masks_per_round",
            ScalarRules.Count(2, 1_000_000),
            options => options.MasksPerRound,
            (options, value) => options with { MasksPerRound = value },
            "masks_per_iter"),
        Field(
            "prior",
            MethodRules.Prior,
            options => options.Prior,
            (options, value) => options with { Prior = value },
            "prune_method"),
        Field("complement", ScalarRules.Flag, options => options.Complement, (options, value) => options with { Complement = value }),
        Field(
            "ridge",
            ScalarRules.Number("a number from 1e-9 to 1,000", value => value is >= 1e-9 and <= 1000),
            options => options.Ridge,
            (options, value) => options with { Ridge = value }),
        Field(
            "mlp_attention_ratio",
            ScalarRules.Number("a number above 0, up to 100", value => value is > 0 and <= 100),
            options => options.MlpAttentionRatio,
            (options, value) => options with { MlpAttentionRatio = value },
            "mlp_attn_ratio"),
        Field(
            "explorable",
            MethodRules.Explorable,
            options => options.Explorable,
            (options, value) => options with { Explorable = value }),
        Field(
            "sampler",
            ScalarRules.Choice(("layer", BonsaiSampler.Layer), ("global", BonsaiSampler.Global)),
            options => options.Sampler,
            (options, value) => options with { Sampler = value }),
        Field(
            "calibration_sets",
            ScalarRules.Choice(("fixed", CalibrationSets.Fixed), ("round", CalibrationSets.Round), ("disjoint", CalibrationSets.Disjoint)),
            options => options.CalibrationSets,
            (options, value) => options with { CalibrationSets = value }),
        Field(
            "utility",
            ScalarRules.Choice(("perplexity", SubModelUtility.Perplexity), ("loss", SubModelUtility.Loss), ("divergence", SubModelUtility.Divergence)),
            options => options.Utility,
            (options, value) => options with { Utility = value }),
        Field("perturb", ScalarRules.Flag, options => options.Perturb, (options, value) => options with { Perturb = value }, "no_perturb"),
        Field(
            "regression",
            ScalarRules.Choice(("ridge", RegressionKind.Ridge), ("published", RegressionKind.Published), ("none", RegressionKind.None)),
            options => options.Regression,
            (options, value) => options with { Regression = value }),
        Field(
            "regression_scope",
            ScalarRules.Choice(("global", RegressionScope.Global), ("local", RegressionScope.Local)),
            options => options.RegressionScope,
            (options, value) => options with { RegressionScope = value },
            "sm_lin_model_type"),
        Field(
            "regression_penalty",
            ScalarRules.Choice(("l1", RegressionPenalty.L1), ("l2", RegressionPenalty.L2)),
            options => options.RegressionPenalty,
            (options, value) => options with { RegressionPenalty = value },
            "sm_reg_type"),
        Field(
            "regression_epochs",
            ScalarRules.Count(1, 10_000),
            options => options.RegressionEpochs,
            (options, value) => options with { RegressionEpochs = value },
            "sm_nepochs"),
        Field(
            "regression_weights",
            ScalarRules.Numbers("from 0 to 1e9", value => value is >= 0 and <= 1e9),
            options => options.RegressionWeights,
            (options, value) => options with { RegressionWeights = value },
            "sm_reg_weight"),
        Field(
            "regression_rates",
            ScalarRules.Numbers("from 1e-6 to 1e6", value => value is >= 1e-6 and <= 1e6),
            options => options.RegressionRates,
            (options, value) => options with { RegressionRates = value },
            "sm_lr_factor"),
        Field(
            "regression_batches",
            ScalarRules.Numbers("from 1 to 1,000,000, whole", value => value is >= 1 and <= 1_000_000 && double.IsInteger(value)),
            options => options.RegressionBatches,
            (options, value) => options with { RegressionBatches = value },
            "sm_bsz"),
        Field(
            "stop",
            ScalarRules.Choice(("exact", StopRule.Exact), ("published", StopRule.Published)),
            options => options.Stop,
            (options, value) => options with { Stop = value }),
        Field("tolerance", ScalarRules.Fraction, options => options.Tolerance, (options, value) => options with { Tolerance = value }, "tol"),
        Field(
            "repair",
            MethodRules.Repair,
            options => options.Repair,
            (options, value) => options with { Repair = value },
            "repair_method"),
    ];

    private static TypedRecipeField<T> Field<T>(
        string key,
        ScalarRule<T> rule,
        Func<BonsaiOptions, T> get,
        Func<BonsaiOptions, T, BonsaiOptions> with,
        params IReadOnlyList<string> elsewhere) =>
        new("bonsai." + key, rule, recipe => get(recipe.Bonsai), (recipe, value) => recipe with { Bonsai = with(recipe.Bonsai, value) }, elsewhere);
}
