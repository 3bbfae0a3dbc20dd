using Niwaki.Formats;
using Niwaki.Models;
using Niwaki.Runs;
using Niwaki.Training;

namespace Niwaki.Healing;

/// <summary>The keys of a healing recipe, in the order in which they are written, and what must hold among them.</summary>
internal static class HealingSchema
{
    private const int MaxCount = 1 << 20;

    private static readonly (string Word, HealingStage Value)[] StageNames =
        [("full", HealingStage.Full), ("lora", HealingStage.Lora), ("reconstruction", HealingStage.Reconstruction)];

    private static readonly ScalarRule<IReadOnlyList<HealingStage>> Stages = ListRule(
        "full, lora or reconstruction, or several of them joined by '+' in their order", '+', StageNames, stages => stages.Distinct().Count() == stages.Count);

    private static readonly ScalarRule<IReadOnlyList<BlockTensorRole>> Targets = ListRule(
        "names among " + string.Join(", ", LoraOptions.Modules.Select(module => module.Name)) + ", joined by ','",
        ',',
        [.. LoraOptions.Modules.Select(module => (module.Name, module.Role))],
        roles => roles.Distinct().Count() == roles.Count);

    /// <summary>All keys; those of a section stand together.</summary>
    public static RecordSchema<HealingRecipe> Schema { get; } = new(
    [
        Field("method", Stages, recipe => recipe.Stages, (recipe, value) => recipe with { Stages = value }),
        Field("model", ScalarRules.Path, recipe => recipe.Model, (recipe, value) => recipe with { Model = value }, "base_model"),
        Field("teacher", ScalarRules.Path, recipe => recipe.Teacher, (recipe, value) => recipe with { Teacher = value }),
        Field("working_folder", ScalarRules.Path, recipe => recipe.WorkingFolder, (recipe, value) => recipe with { WorkingFolder = value }),
        Field("seed", ScalarRules.WholeNumber, recipe => recipe.Seed, (recipe, value) => recipe with { Seed = value }),
        Field("text.file", ScalarRules.Path, recipe => recipe.Text, (recipe, value) => recipe with { Text = value }, "dataset"),
        Field("text.held_out", ScalarRules.Path, recipe => recipe.HeldOut, (recipe, value) => recipe with { HeldOut = value }),
        Field("text.held_out_windows", ScalarRules.Count(1, MaxCount), recipe => recipe.HeldOutWindows, (recipe, value) => recipe with { HeldOutWindows = value }),
        Field("text.held_out_window", ScalarRules.Count(2, MaxCount), recipe => recipe.HeldOutWindow, (recipe, value) => recipe with { HeldOutWindow = value }),
        .. GradientStageFields.Of("full", recipe => recipe.Full, (recipe, stage) => recipe with { Full = stage }),
        .. GradientStageFields.Of("lora", recipe => recipe.Lora, (recipe, stage) => recipe with { Lora = stage }),
        Adapter("rank", ScalarRules.Count(1, 1 << 16), options => options.Rank, (options, value) => options with { Rank = value }, "lora_r"),
        Adapter("alpha", Above0, options => options.Alpha, (options, value) => options with { Alpha = value }, "lora_alpha"),
        Adapter("dropout", ScalarRules.Number("a number from 0 to below 1", value => value is >= 0 and < 1), options => options.Dropout, (options, value) => options with { Dropout = value }, "lora_dropout"),
        Adapter("targets", Targets, options => options.Targets, (options, value) => options with { Targets = value }, "lora_target_modules"),
        Adapter("head", ScalarRules.Flag, options => options.TrainHead, (options, value) => options with { TrainHead = value }),
        Reconstruction(
            "target",
            ScalarRules.Choice(("same_input", ReconstructionTarget.SameInput), ("dense_stream", ReconstructionTarget.DenseStream)),
            options => options.Target,
            (options, value) => options with { Target = value }),
        Reconstruction("windows", ScalarRules.Count(1, MaxCount), options => options.Windows, (options, value) => options with { Windows = value }, "nsamples"),
        Reconstruction("window", ScalarRules.Count(2, MaxCount), options => options.Window, (options, value) => options with { Window = value }, "seqlen"),
        Reconstruction("epochs", ScalarRules.Count(1, 10_000), options => options.Epochs, (options, value) => options with { Epochs = value }),
        Reconstruction("batch", ScalarRules.Count(1, 1 << 16), options => options.Batch, (options, value) => options with { Batch = value }),
        Reconstruction("learning_rate", Above0, options => options.LearningRate, (options, value) => options with { LearningRate = value }),
    ],
    "healing recipes");

    private static ScalarRule<double> Above0 => ScalarRules.Number("a number above 0", value => value > 0);

    /// <summary>Every fault of a recipe in the order of its keys, then the contradictions.</summary>
    public static IEnumerable<string> FaultsOf(HealingRecipe recipe)
    {
        if (recipe.Model is null)
        {
            yield return "Model is missing, expected the path of a run folder or model folder. Name it on the command line or in the recipe as 'model'.";
        }

        if (recipe.WorkingFolder is { } folder && !Path.IsPathFullyQualified(folder))
        {
            yield return $"'working_folder' is '{MessageText.Shown(folder)}', expected an absolute path.";
        }

        foreach (string fault in Schema.Fields.Select(field => field.Check(recipe)).OfType<string>())
        {
            yield return fault;
        }

        if (recipe.NeedsText && recipe.Text is null)
        {
            yield return "'text.file' is missing, expected the path of a text to train on.";
        }

        if (recipe.Stages.Skip(1).Contains(HealingStage.Reconstruction))
        {
            yield return "'method' has reconstruction behind another stage, expected it first: it begins with the pruned model.";
        }

        if ((long)recipe.Reconstruction.Windows * recipe.Reconstruction.Window > 1 << 24)
        {
            yield return $"'reconstruction.windows' times 'reconstruction.window' is {MessageText.Count((long)recipe.Reconstruction.Windows * recipe.Reconstruction.Window)} tokens, "
                + $"expected at most {MessageText.Count(1 << 24)}.";
        }

        foreach (HealingStage stage in recipe.Stages)
        {
            foreach (string fault in recipe.Gradient(stage)?.Training.Faults() ?? [])
            {
                yield return $"Stage {NameOf(stage)}: {fault}";
            }
        }
    }

    /// <summary>The word for a stage.</summary>
    public static string NameOf(HealingStage stage) => StageNames.First(name => name.Value == stage).Word;

    private static TypedSchemaField<HealingRecipe, T> Field<T>(
        string path, ScalarRule<T> rule, Func<HealingRecipe, T> get, Func<HealingRecipe, T, HealingRecipe> with, params IReadOnlyList<string> elsewhere) =>
        new(path, rule, get, with, elsewhere);

    private static TypedSchemaField<HealingRecipe, T> Adapter<T>(
        string key, ScalarRule<T> rule, Func<LoraOptions, T> get, Func<LoraOptions, T, LoraOptions> with, params IReadOnlyList<string> elsewhere) =>
        new("lora." + key, rule, recipe => get(recipe.Adapters), (recipe, value) => recipe with { Adapters = with(recipe.Adapters, value) }, elsewhere);

    private static TypedSchemaField<HealingRecipe, T> Reconstruction<T>(
        string key, ScalarRule<T> rule, Func<ReconstructionOptions, T> get, Func<ReconstructionOptions, T, ReconstructionOptions> with, params IReadOnlyList<string> elsewhere) =>
        new(
            "reconstruction." + key,
            rule,
            recipe => get(recipe.Reconstruction),
            (recipe, value) => recipe with { Reconstruction = with(recipe.Reconstruction, value) },
            elsewhere);

    /// <summary>Several words in one value.</summary>
    private static ScalarRule<IReadOnlyList<T>> ListRule<T>(string expected, char separator, (string Word, T Value)[] words, Predicate<IReadOnlyList<T>> holds)
        where T : struct, Enum
    {
        return new ScalarRule<IReadOnlyList<T>>
        {
            Expected = expected,
            TryParse = TryParse,
            Format = values => string.Join(separator, values.Select(value => words.First(word => word.Value.Equals(value)).Word)),
            Holds = values => values.Count > 0 && holds(values),
        };

        bool TryParse(RecipeScalar scalar, out IReadOnlyList<T> values)
        {
            string[] parts = scalar.Text.Split(separator, StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
            values = [.. parts.SelectMany(part => words.Where(word => word.Word == part).Select(word => word.Value))];
            return parts.Length > 0 && values.Count == parts.Length;
        }
    }
}
