namespace Niwaki.Runs;

/// <summary>Keys of the section <c>bonsai</c> that choose between variants of the published method.</summary>
internal static class BonsaiRecipeFields
{
    /// <summary>The keys, in the order in which they are written.</summary>
    public static SchemaField<Recipe>[] All { get; } =
    [
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
            "stop",
            ScalarRules.Choice(("exact", StopRule.Exact), ("published", StopRule.Published)),
            options => options.Stop,
            (options, value) => options with { Stop = value }),
        Field("tolerance", ScalarRules.Fraction, options => options.Tolerance, (options, value) => options with { Tolerance = value }, "tol"),
        Field(
            "repair",
            ScalarRules.Choice(("none", UnitRepair.None), ("bias", UnitRepair.Bias)),
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
