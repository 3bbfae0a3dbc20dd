namespace Niwaki.Runs;

/// <summary>Keys of the section <c>niwaki</c>.</summary>
internal static class NiwakiRecipeFields
{
    /// <summary>The keys, in the order in which they are written.</summary>
    public static SchemaField<Recipe>[] All { get; } =
    [
        Field("rounds", ScalarRules.Count(1, 1000), options => options.Rounds, (options, value) => options with { Rounds = value }),
        Field("group", ScalarRules.Count(1, 1 << 16), options => options.Group, (options, value) => options with { Group = value }),
        Field(
            "passes",
            ScalarRules.Number("a number from 0.1 to 10,000", value => value is >= 0.1 and <= 10_000),
            options => options.Passes,
            (options, value) => options with { Passes = value }),
        Field(
            "windows_per_group",
            ScalarRules.Count(2, 1 << 20),
            options => options.WindowsPerGroup,
            (options, value) => options with { WindowsPerGroup = value }),
        Field(
            "explorable",
            MethodRules.Explorable,
            options => options.Explorable,
            (options, value) => options with { Explorable = value }),
        Field(
            "prior",
            MethodRules.Prior,
            options => options.Prior,
            (options, value) => options with { Prior = value }),
        Field(
            "repair",
            MethodRules.Repair,
            options => options.Repair,
            (options, value) => options with { Repair = value }),
    ];

    private static TypedRecipeField<T> Field<T>(
        string key, ScalarRule<T> rule, Func<NiwakiOptions, T> get, Func<NiwakiOptions, T, NiwakiOptions> with) =>
        new("niwaki." + key, rule, recipe => get(recipe.Niwaki), (recipe, value) => recipe with { Niwaki = with(recipe.Niwaki, value) });
}
