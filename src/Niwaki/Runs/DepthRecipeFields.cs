namespace Niwaki.Runs;

/// <summary>Keys of the section <c>depth</c>.</summary>
internal static class DepthRecipeFields
{
    /// <summary>The keys, in the order in which they are written.</summary>
    public static SchemaField<Recipe>[] All { get; } =
    [
        Field(
            "criterion",
            ScalarRules.Choice(
                ("loss", DepthCriterion.Loss),
                ("kl", DepthCriterion.Kl),
                ("magnitude", DepthCriterion.Magnitude),
                ("influence", DepthCriterion.Influence),
                ("taylor", DepthCriterion.Taylor),
                ("last", DepthCriterion.Last),
                ("random", DepthCriterion.Random)),
            options => options.Criterion,
            (options, value) => options with { Criterion = value }),
        Field(
            "search",
            ScalarRules.Choice(("oneshot", DepthSearch.OneShot), ("greedy", DepthSearch.Greedy), ("swaps", DepthSearch.Swaps)),
            options => options.Search,
            (options, value) => options with { Search = value }),
        Field(
            "units",
            ScalarRules.Choice(("block", DepthUnit.Block), ("sublayer", DepthUnit.Sublayer)),
            options => options.Units,
            (options, value) => options with { Units = value }),
        Field("plus", ScalarRules.FlagOrNull, options => options.Plus, (options, value) => options with { Plus = value }, "no_plus_heuristic"),
        Field(
            "blocks",
            ScalarRules.CountOrNull(1, 10_000),
            options => options.Blocks,
            (options, value) => options with { Blocks = value },
            "num_pruned_blocks"),
        Field(
            "magnitude_power",
            ScalarRules.OneOf(1, 2),
            options => options.MagnitudePower,
            (options, value) => options with { MagnitudePower = value },
            "norm_power"),
        Field("full_path", ScalarRules.Flag, options => options.FullPath, (options, value) => options with { FullPath = value }),
        Field("order", ScalarRules.Path, options => options.Order, (options, value) => options with { Order = value }, "block_order_csv"),
    ];

    private static TypedRecipeField<T> Field<T>(
        string key,
        ScalarRule<T> rule,
        Func<DepthOptions, T> get,
        Func<DepthOptions, T, DepthOptions> with,
        params IReadOnlyList<string> elsewhere) =>
        new("depth." + key, rule, recipe => get(recipe.Depth), (recipe, value) => recipe with { Depth = with(recipe.Depth, value) }, elsewhere);
}
