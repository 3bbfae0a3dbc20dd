using Niwaki.Formats;
using Niwaki.Plans;

namespace Niwaki.Runs;

/// <summary>Everything that decides a pruning run, as a YAML file and as a value. This record holds all defaults.</summary>
/// <remarks>
/// A file may leave keys out. A change of single values, such as from a command line, is <c>recipe with { Sparsity = 0.5 }</c>;
/// <see cref="Validate"/> checks the outcome. Equal recipes give equal runs on one vector width.
/// </remarks>
public sealed record Recipe
{
    /// <summary>How the units to remove are chosen. Default <see cref="PruningMethod.Bonsai"/>.</summary>
    public PruningMethod Method { get; init; } = PruningMethod.Bonsai;

    /// <summary>Path of the model folder as it was given; a run cannot do without. Default: none.</summary>
    public string? Model { get; init; }

    /// <summary>Absolute path of the folder that relative paths start from. Default: none, which means the current folder.</summary>
    public string? WorkingFolder { get; init; }

    /// <summary>Share of the prunable parameters (attention and MLP matrices) to remove, between 0 and 1, both excluded. Default 0.3.</summary>
    public double Sparsity { get; init; } = 0.3;

    /// <summary>Seed of everything random. Default 0.</summary>
    public long Seed { get; init; }

    /// <summary>1, 32, 64, 128 or 256: kept neurons, and heads times head size, of a block are multiples of it. Default 1.</summary>
    public int RoundTo { get; init; } = 1;

    /// <summary>Which shapes may come out, by what is to run the model; null: any. Default null.</summary>
    public ShapeProfile? Profile { get; init; }

    /// <summary>Which units a width method may remove; the sparsity is a share of all prunable parameters all the same. Default <see cref="WidthUnits.All"/>.</summary>
    public WidthUnits WidthUnits { get; init; } = WidthUnits.All;

    /// <summary>Arithmetic of the scoring passes. Default <see cref="ScoringPrecision.Exact"/>.</summary>
    public ScoringPrecision Precision { get; init; } = ScoringPrecision.Exact;

    /// <summary>The text that sub-models are judged by.</summary>
    public CalibrationOptions Calibration { get; init; } = new();

    /// <summary>The text that the model is measured with before and after.</summary>
    public EvaluationOptions Evaluation { get; init; } = new();

    /// <summary>Parameters of <see cref="PruningMethod.Bonsai"/>; other methods do not look at them.</summary>
    public BonsaiOptions Bonsai { get; init; } = new();

    /// <summary>Parameters of <see cref="PruningMethod.Niwaki"/>; other methods do not look at them.</summary>
    public NiwakiOptions Niwaki { get; init; } = new();

    /// <summary>Sets of calibration windows that a run reads: one, or one for every round that the sparsity takes.</summary>
    public int CalibrationSetCount => Method == PruningMethod.Bonsai && Bonsai.CalibrationSets != CalibrationSets.Fixed
        ? (int)Math.Min(Math.Ceiling(Sparsity / Bonsai.PruneFraction), int.MaxValue)
        : 1;

    /// <summary>Whether the method puts what it removed into biases of what stays.</summary>
    public bool AddsBiases => Method switch
    {
        PruningMethod.Bonsai or PruningMethod.DepthWidth => Bonsai.Repair == UnitRepair.Bias,
        PruningMethod.Niwaki => Niwaki.Repair == UnitRepair.Bias,
        _ => false,
    };

    /// <summary>Parameters of <see cref="PruningMethod.Depth"/>; other methods do not look at them.</summary>
    public DepthOptions Depth { get; init; } = new();

    /// <summary>Reads a recipe file of at most 1 MiB.</summary>
    /// <param name="path">A YAML file in UTF-8. Keys that it leaves out keep their defaults; it need not name a model.</param>
    /// <exception cref="RecipeException">Keys are unknown, given twice, or have values out of range, or the file is not plain YAML.</exception>
    /// <exception cref="IOException">The file does not exist or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    public static Recipe Load(string path) => RecipeReader.ReadFile(path);

    /// <summary>Reads a recipe from a text.</summary>
    /// <param name="yaml">The YAML text.</param>
    /// <param name="file">Name that errors begin with.</param>
    /// <exception cref="RecipeException">Keys are unknown, given twice, or have values out of range, or the text is not plain YAML.</exception>
    public static Recipe Parse(string yaml, string file) => RecipeReader.Read(yaml, file);

    /// <summary>Checks that a run can be made from this recipe.</summary>
    /// <returns>This recipe.</returns>
    /// <exception cref="RecipeException">Values are missing, out of range or contradict each other; all of them are named.</exception>
    public Recipe Validate()
    {
        List<string> faults = [.. RecipeRules.FaultsOf(this)];
        return faults.Count == 0 ? this : throw new RecipeException(null, faults);
    }

    /// <summary>The recipe as YAML: every key, in fixed order. <see cref="Parse"/> gives an equal recipe back.</summary>
    public string ToYaml() => RecipeSchema.Schema.Write(this);

    /// <summary>Writes <see cref="ToYaml"/> to a file that appears whole or not at all.</summary>
    /// <param name="path">Target; its folder exists. An existing file is replaced.</param>
    /// <exception cref="IOException">The folder does not exist, the disk is full, or the target cannot be replaced.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder or the target may not be written.</exception>
    public void Save(string path) => AtomicFile.WriteAllText(path, ToYaml());

    /// <summary>Where a path points to: below <see cref="WorkingFolder"/> or, if only there is something, below the current folder.</summary>
    /// <param name="path">A path as a recipe holds it, absolute or relative.</param>
    /// <returns>An absolute path; nothing need exist there.</returns>
    public string FullPath(string path)
    {
        string here = Path.GetFullPath(path);
        string there = WorkingFolder is { } folder ? Path.GetFullPath(path, folder) : here;
        return !Path.Exists(there) && Path.Exists(here) ? here : there;
    }
}
