using Niwaki.Formats;
using Niwaki.Runs;
using Niwaki.Training;

namespace Niwaki.Healing;

/// <summary>Everything that decides a healing, as a YAML file and as a value. This record holds all defaults.</summary>
/// <remarks>A file may leave keys out. <see cref="Validate"/> checks the outcome. Equal recipes give equal models on one vector width.</remarks>
public sealed record HealingRecipe
{
    /// <summary>Name of the file in a folder of a healed model.</summary>
    public const string FileName = "healing.yaml";

    /// <summary>What is done, in order. Default: LoRA.</summary>
    public IReadOnlyList<HealingStage> Stages { get; init; } = [HealingStage.Lora];

    /// <summary>Path of the run folder or model folder as it was given. Default: none.</summary>
    public string? Model { get; init; }

    /// <summary>Path of the dense model's folder. Default: none, which means the one that the run folder names.</summary>
    public string? Teacher { get; init; }

    /// <summary>Absolute path of the folder that relative paths start from. Default: none, which means the current folder.</summary>
    public string? WorkingFolder { get; init; }

    /// <summary>Seed of everything random. Default 0.</summary>
    public long Seed { get; init; }

    /// <summary>Text to train on: .txt, .zip of .txt, or .jsonl. Default: none.</summary>
    public string? Text { get; init; }

    /// <summary>Text to measure on. Default: none, which means the last hundredth of the text, which is not trained on.</summary>
    public string? HeldOut { get; init; }

    /// <summary>Most windows to measure on. Default 64.</summary>
    public int HeldOutWindows { get; init; } = 64;

    /// <summary>Tokens of a window to measure on, 2 or more. Default 256.</summary>
    public int HeldOutWindow { get; init; } = 256;

    /// <summary>Parameters of <see cref="HealingStage.Full"/>.</summary>
    public GradientStageOptions Full { get; init; } = new() { Training = Defaults(1e-4, 0.1) };

    /// <summary>Parameters of <see cref="HealingStage.Lora"/>.</summary>
    public GradientStageOptions Lora { get; init; } = new() { Training = Defaults(1e-4, 0) };

    /// <summary>Adapters of <see cref="HealingStage.Lora"/>.</summary>
    public LoraOptions Adapters { get; init; } = new();

    /// <summary>Parameters of <see cref="HealingStage.Reconstruction"/>.</summary>
    public ReconstructionOptions Reconstruction { get; init; } = new();

    /// <summary>Whether a stage needs the dense model.</summary>
    public bool NeedsTeacher => Stages.Any(stage => stage == HealingStage.Reconstruction || (Gradient(stage)?.NeedsTeacher ?? false));

    /// <summary>Whether a stage trains on the text.</summary>
    public bool NeedsText => Stages.Any(stage => Gradient(stage)?.Instructions is null);

    /// <summary>Reads a recipe file of at most 1 MiB.</summary>
    /// <param name="path">A YAML file in UTF-8. Keys that it leaves out keep their defaults; it need not name a model.</param>
    /// <exception cref="RecipeException">Keys are unknown, given twice, or have values out of range, or the file is not plain YAML.</exception>
    /// <exception cref="IOException">The file does not exist or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    public static HealingRecipe Load(string path) => SchemaReader<HealingRecipe>.ReadFile(HealingSchema.Schema, new HealingRecipe(), path).Record;

    /// <summary>Reads a recipe from a text.</summary>
    /// <param name="yaml">The YAML text.</param>
    /// <param name="file">Name that errors begin with.</param>
    /// <exception cref="RecipeException">Keys are unknown, given twice, or have values out of range, or the text is not plain YAML.</exception>
    public static HealingRecipe Parse(string yaml, string file) => SchemaReader<HealingRecipe>.Read(HealingSchema.Schema, new HealingRecipe(), yaml, file).Record;

    /// <summary>Parameters of a stage with gradients through the whole model; null for the other one.</summary>
    /// <param name="stage">The stage.</param>
    public GradientStageOptions? Gradient(HealingStage stage) => stage switch
    {
        HealingStage.Full => Full,
        HealingStage.Lora => Lora,
        _ => null,
    };

    /// <summary>Checks that a model can be healed by this recipe.</summary>
    /// <returns>This recipe.</returns>
    /// <exception cref="RecipeException">Values are missing, out of range or contradict each other; all of them are named.</exception>
    public HealingRecipe Validate()
    {
        List<string> faults = [.. HealingSchema.FaultsOf(this)];
        return faults.Count == 0 ? this : throw new RecipeException(null, faults);
    }

    /// <summary>The recipe as YAML: every key, in fixed order. <see cref="Parse"/> gives the same recipe back.</summary>
    public string ToYaml() => HealingSchema.Schema.Write(this);

    /// <summary>Writes <see cref="ToYaml"/> to a file that appears whole or not at all.</summary>
    /// <param name="path">Target; its folder exists. An existing file is replaced.</param>
    /// <exception cref="IOException">The folder does not exist, the disk is full, or the target cannot be replaced.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder or the target may not be written.</exception>
    public void Save(string path) => AtomicFile.WriteAllText(path, ToYaml());

    /// <summary>Where a path points to: below <see cref="WorkingFolder"/> or, if only there is something, below the current folder.</summary>
    /// <param name="path">A path as a recipe holds it, absolute or relative.</param>
    public string FullPath(string path) => new Recipe { WorkingFolder = WorkingFolder }.FullPath(path);

    private static TrainingOptions Defaults(double rate, double decay) =>
        new() { Steps = 250, LearningRate = rate, WarmUpSteps = 10, Schedule = ScheduleKind.Linear, FinalShare = 0, Beta2 = 0.999, WeightDecay = decay };
}
