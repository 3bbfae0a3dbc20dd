using Niwaki.Healing;
using Niwaki.Models;
using Niwaki.Runs;
using Niwaki.Training;

namespace Niwaki.Tests.Healing;

public sealed class HealingRecipeTests
{
    [Theory]
    [InlineData("bonsai.yaml", "lora")]
    [InlineData("full.yaml", "full")]
    [InlineData("shortened-llama-lora.yaml", "lora")]
    [InlineData("shortened-llama-cpt.yaml", "full")]
    [InlineData("shortened-llama-cpt-lora.yaml", "full+lora")]
    [InlineData("reconstruction.yaml", "reconstruction")]
    public void Load_SampleRecipe_IsValidAndComesBackFromItsYaml(string name, string method)
    {
        HealingRecipe recipe = HealingRecipe.Load(RepositoryFiles.Get("samples", "recipes", "healing", name)) with { Model = "run", Text = "text.txt" };
        Assert.Empty(HealingSchema.FaultsOf(recipe));
        string yaml = recipe.ToYaml();
        Assert.StartsWith($"method: {method}\n", yaml, StringComparison.Ordinal);
        Assert.Equal(yaml, HealingRecipe.Parse(yaml, "healing.yaml").ToYaml());
    }

    // Values of the published code: 15,000 windows of 512 tokens in steps of 128 are 117 steps; 0.01 summed over 512 tokens is 5.12 of the mean.
    [Fact]
    public void Load_Bonsai_HasThePublishedValues()
    {
        HealingRecipe recipe = HealingRecipe.Load(RepositoryFiles.Get("samples", "recipes", "healing", "bonsai.yaml"));
        TrainingOptions training = recipe.Lora.Training;
        Assert.Equal((15_000 / 128, 512, 128), (training.Steps, training.Window, training.Batch * training.Accumulation));
        Assert.Equal(0.01 * 512, recipe.Lora.Divergence, 1e-12);
        Assert.Equal((128, 4.0, 0.05, true), (recipe.Adapters.Rank, recipe.Adapters.Scale, recipe.Adapters.Dropout, recipe.Adapters.TrainHead));
        Assert.Equal((1e-4, 5, ScheduleKind.Linear), (training.LearningRate, training.WarmUpSteps, training.Schedule));
        Assert.Equal(7, recipe.Adapters.Targets.Count);
    }

    // full: 100,000 windows in steps of 128 are 781.25 steps; 0.01 summed over 2,048 tokens is 20.48 of the mean. Shortened LLaMA: 37 billion tokens in steps of 512
    // windows of 2,048 tokens are 35,286 steps; two epochs of about 48,000 instructions in steps of 64 are 1,500.
    [Theory]
    [InlineData("full.yaml", HealingStage.Full, 782, 2048, 128, ScheduleKind.Linear, 5, 0, 0, 0.999, 20.48)]
    [InlineData("shortened-llama-lora.yaml", HealingStage.Lora, 1500, 256, 64, ScheduleKind.Linear, 100, 0, 0, 0.999, 0)]
    [InlineData("shortened-llama-cpt.yaml", HealingStage.Full, 35_000, 2048, 512, ScheduleKind.Cosine, 100, 0.1, 0.1, 0.95, 0)]
    [InlineData("shortened-llama-cpt-lora.yaml", HealingStage.Full, 35_000, 2048, 512, ScheduleKind.Cosine, 100, 0.1, 0.1, 0.95, 0)]
    [InlineData("shortened-llama-cpt-lora.yaml", HealingStage.Lora, 1500, 256, 64, ScheduleKind.Linear, 100, 0, 0, 0.999, 0)]
    public void Load_StageOfASampleRecipe_HasThePublishedValues(
        string name,
        HealingStage stage,
        long steps,
        int window,
        int windowsOfAStep,
        ScheduleKind schedule,
        long warmUp,
        double finalShare,
        double decay,
        double beta2,
        double divergence)
    {
        HealingRecipe recipe = HealingRecipe.Load(RepositoryFiles.Get("samples", "recipes", "healing", name));
        Assert.Contains(stage, recipe.Stages);
        GradientStageOptions options = recipe.Gradient(stage)!;
        TrainingOptions training = options.Training;
        Assert.Equal((steps, window, windowsOfAStep), (training.Steps, training.Window, training.Batch * training.Accumulation));
        Assert.Equal((1e-4, schedule, warmUp, finalShare), (training.LearningRate, training.Schedule, training.WarmUpSteps, training.FinalShare));
        Assert.Equal((0.9, beta2, decay, 1.0), (training.Beta1, training.Beta2, training.WeightDecay, training.ClipNorm));
        Assert.Equal((divergence, 0.0), (options.Divergence, options.Hidden));
    }

    [Theory]
    [InlineData("shortened-llama-lora.yaml")]
    [InlineData("shortened-llama-cpt-lora.yaml")]
    public void Load_AdaptersOfShortenedLlama_HaveThePublishedValues(string name)
    {
        LoraOptions adapters = HealingRecipe.Load(RepositoryFiles.Get("samples", "recipes", "healing", name)).Adapters;
        Assert.Equal((8, 16.0, 0.05, false), (adapters.Rank, adapters.Alpha, adapters.Dropout, adapters.TrainHead));
        Assert.Equal(LoraOptions.Modules.Select(module => module.Role), adapters.Targets);
    }

    // Ours, published nowhere: the defaults that docs/cli.md names.
    [Fact]
    public void Load_Reconstruction_HasTheDocumentedValues()
    {
        ReconstructionOptions options = HealingRecipe.Load(RepositoryFiles.Get("samples", "recipes", "healing", "reconstruction.yaml")).Reconstruction;
        Assert.Equal((ReconstructionTarget.DenseStream, 128, 256), (options.Target, options.Windows, options.Window));
        Assert.Equal((8, 8, 5e-4), (options.Epochs, options.Batch, options.LearningRate));
    }

    [Fact]
    public void Parse_FewKeys_KeepsTheDefaultsOfTheOthers()
    {
        HealingRecipe recipe = HealingRecipe.Parse("method: full + lora\nlora:\n  targets: q_proj,v_proj\n  steps: 7\n", "a.yaml");
        Assert.Equal([HealingStage.Full, HealingStage.Lora], recipe.Stages);
        Assert.Equal([BlockTensorRole.Query, BlockTensorRole.Value], recipe.Adapters.Targets);
        Assert.Equal((7L, 250L), (recipe.Lora.Training.Steps, recipe.Full.Training.Steps));
    }

    [Theory]
    [InlineData("method: fine\n", "Method is 'fine', expected full, lora or reconstruction")]
    [InlineData("method: lora+lora\n", "expected full, lora or reconstruction")]
    [InlineData("lora:\n  rank: 0\n", "'lora.rank' is 0, expected a whole number from 1")]
    [InlineData("lora:\n  alpha: -1\n", "'lora.alpha' is -1, expected a number above 0")]
    [InlineData("lora:\n  dropout: 1\n", "'lora.dropout' is 1, expected a number from 0 to below 1")]
    [InlineData("lora:\n  targets: q_proj,lm_head\n", "'lora.targets' is 'q_proj,lm_head', expected names among q_proj")]
    [InlineData("lora:\n  head: maybe\n", "'lora.head' is 'maybe', expected true or false")]
    [InlineData("full:\n  kl: -0.1\n", "'full.kl' is -0.1, expected a number of 0 or more")]
    [InlineData("full:\n  hidden: -1\n", "'full.hidden' is -1, expected a number of 0 or more")]
    [InlineData("full:\n  steps: 0\n", "'full.steps' is 0, expected a whole number from 1")]
    [InlineData("full:\n  window: 1\n", "'full.window' is 1, expected a whole number from 2")]
    [InlineData("full:\n  batch: 0\n", "'full.batch' is 0")]
    [InlineData("full:\n  accumulation: 0\n", "'full.accumulation' is 0")]
    [InlineData("full:\n  learning_rate: 0\n", "'full.learning_rate' is 0, expected a number above 0")]
    [InlineData("full:\n  schedule: stairs\n", "'full.schedule' is 'stairs', expected cosine, linear or constant")]
    [InlineData("full:\n  warm_up: -1\n", "'full.warm_up' is -1")]
    [InlineData("full:\n  final_share: 2\n", "'full.final_share' is 2, expected a number from 0 to 1")]
    [InlineData("full:\n  weight_decay: -1\n", "'full.weight_decay' is -1")]
    [InlineData("full:\n  beta1: 1\n", "'full.beta1' is 1")]
    [InlineData("full:\n  beta2: 1\n", "'full.beta2' is 1")]
    [InlineData("full:\n  clip: 0\n", "'full.clip' is 0")]
    [InlineData("full:\n  lr: 1\n", "key 'lr' is unknown, expected a key of 'full'. Did you mean 'learning_rate'?")]
    [InlineData("text:\n  held_out_windows: 0\n", "'text.held_out_windows' is 0")]
    [InlineData("text:\n  held_out_window: 1\n", "'text.held_out_window' is 1")]
    [InlineData("seed: x\n", "Seed is 'x', expected a whole number")]
    [InlineData("reconstruction:\n  target: dense\n", "'reconstruction.target' is 'dense', expected same_input or dense_stream")]
    [InlineData("reconstruction:\n  windows: 0\n", "'reconstruction.windows' is 0")]
    [InlineData("reconstruction:\n  window: 1\n", "'reconstruction.window' is 1")]
    [InlineData("reconstruction:\n  epochs: 0\n", "'reconstruction.epochs' is 0")]
    [InlineData("reconstruction:\n  batch: 0\n", "'reconstruction.batch' is 0")]
    [InlineData("reconstruction:\n  learning_rate: 0\n", "'reconstruction.learning_rate' is 0")]
    [InlineData("sparsity: 0.5\n", "key 'sparsity' is unknown, expected a key of healing recipes.")]
    public void Parse_ValueOutOfRange_SaysWhatIsExpected(string yaml, string message) =>
        Assert.Contains(message, Assert.Throws<RecipeException>(() => HealingRecipe.Parse(yaml, "a.yaml")).Message, StringComparison.Ordinal);

    [Fact]
    public void Validate_Contradictions_NamesAll()
    {
        HealingRecipe recipe = HealingRecipe.Parse(
            "method: lora+reconstruction\nworking_folder: there\nreconstruction:\n  windows: 1000000\n  window: 1000\nlora:\n  batch: 60000\n  window: 1000000\n", "a.yaml");
        string[] faults = [.. HealingSchema.FaultsOf(recipe)];
        Assert.Equal(6, faults.Length);
        Assert.Contains("Model is missing", faults[0], StringComparison.Ordinal);
        Assert.Contains("'working_folder' is 'there'", faults[1], StringComparison.Ordinal);
        Assert.Contains("'text.file' is missing", faults[2], StringComparison.Ordinal);
        Assert.Contains("reconstruction behind another stage", faults[3], StringComparison.Ordinal);
        Assert.Contains("1,000,000,000 tokens", faults[4], StringComparison.Ordinal);
        Assert.Contains("Stage lora: Tokens of a batch", faults[5], StringComparison.Ordinal);
    }
}
