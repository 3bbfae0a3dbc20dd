using Niwaki.Runs;
using Niwaki.Training;

namespace Niwaki.Healing;

/// <summary>Keys of a section whose stage has gradients through the whole model.</summary>
internal static class GradientStageFields
{
    /// <summary>The keys, in the order in which they are written.</summary>
    public static IEnumerable<SchemaField<HealingRecipe>> Of(
        string section, Func<HealingRecipe, GradientStageOptions> get, Func<HealingRecipe, GradientStageOptions, HealingRecipe> with)
    {
        TypedSchemaField<HealingRecipe, T> Stage<T>(
            string key, ScalarRule<T> rule, Func<GradientStageOptions, T> read, Func<GradientStageOptions, T, GradientStageOptions> write, params IReadOnlyList<string> elsewhere) =>
            new($"{section}.{key}", rule, recipe => read(get(recipe)), (recipe, value) => with(recipe, write(get(recipe), value)), elsewhere);
        TypedSchemaField<HealingRecipe, T> Training<T>(
            string key, ScalarRule<T> rule, Func<TrainingOptions, T> read, Func<TrainingOptions, T, TrainingOptions> write, params IReadOnlyList<string> elsewhere) =>
            Stage(key, rule, stage => read(stage.Training), (stage, value) => stage with { Training = write(stage.Training, value) }, elsewhere);

        ScalarRule<double> least0 = ScalarRules.Number("a number of 0 or more", value => value >= 0);
        ScalarRule<double> above0 = ScalarRules.Number("a number above 0", value => value > 0);
        ScalarRule<double> share = ScalarRules.Number("a number from 0 to below 1", value => value is >= 0 and < 1);
        return
        [
            Stage("instructions", ScalarRules.Path, stage => stage.Instructions, (stage, value) => stage with { Instructions = value }, "data_path"),
            Stage("kl", least0, stage => stage.Divergence, (stage, value) => stage with { Divergence = value }, "kl_weight"),
            Stage("hidden", least0, stage => stage.Hidden, (stage, value) => stage with { Hidden = value }, "hidden_mse_weight"),
            Training("steps", ScalarRules.Count(1, int.MaxValue), options => (int)Math.Min(options.Steps, int.MaxValue), (options, value) => options with { Steps = value }),
            Training("window", ScalarRules.Count(2, 1 << 20), options => options.Window, (options, value) => options with { Window = value }, "seqlen", "block_size", "cutoff_len"),
            Training("batch", ScalarRules.Count(1, 1 << 16), options => options.Batch, (options, value) => options with { Batch = value }, "micro_batch_size"),
            Training(
                "accumulation", ScalarRules.Count(1, 1 << 16), options => options.Accumulation, (options, value) => options with { Accumulation = value }, "gradient_accumulation_steps"),
            Training("learning_rate", above0, options => options.LearningRate, (options, value) => options with { LearningRate = value }, "lr"),
            Training(
                "schedule",
                ScalarRules.Choice(("cosine", ScheduleKind.Cosine), ("linear", ScheduleKind.Linear), ("constant", ScheduleKind.Constant)),
                options => options.Schedule,
                (options, value) => options with { Schedule = value }),
            Training("warm_up", ScalarRules.Count(0, int.MaxValue), options => (int)options.WarmUpSteps, (options, value) => options with { WarmUpSteps = value }, "warmup_steps"),
            Training(
                "final_share",
                ScalarRules.Number("a number from 0 to 1", value => value is >= 0 and <= 1),
                options => options.FinalShare,
                (options, value) => options with { FinalShare = value }),
            Training("weight_decay", least0, options => options.WeightDecay, (options, value) => options with { WeightDecay = value }),
            Training("beta1", share, options => options.Beta1, (options, value) => options with { Beta1 = value }),
            Training("beta2", share, options => options.Beta2, (options, value) => options with { Beta2 = value }),
            Training("clip", above0, options => options.ClipNorm, (options, value) => options with { ClipNorm = value }, "max_grad_norm"),
        ];
    }
}
