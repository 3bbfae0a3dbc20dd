using System.Globalization;
using Niwaki.Numerics;
using Niwaki.Plans;
using Niwaki.Runs;
using Niwaki.Tests.Formats;

namespace Niwaki.Tests.Runs;

public sealed class RecipeTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private static Recipe Everything => new()
    {
        Method = PruningMethod.Depth,
        Model = "samples/novels-4m",
        WorkingFolder = "/home/a b",
        Sparsity = 0.5,
        Seed = -7,
        RoundTo = 64,
        Profile = ShapeProfile.NemotronNas,
        WidthUnits = WidthUnits.Neurons,
        Precision = ScoringPrecision.Int16,
        Calibration = new() { Source = TextSource.File, File = "a.txt", Windows = 3, Window = 17, Temperature = 0.7, TopP = 1 },
        Evaluation = new() { Source = TextSource.File, File = "b.txt", Windows = 4, Window = 33 },
        Bonsai = new()
        {
            PruneFraction = 0.1,
            MasksPerRound = 51,
            Prior = ImportancePrior.Random,
            Complement = false,
            Ridge = 1e-7,
            MlpAttentionRatio = 0.5,
            Explorable = 2.5,
            Sampler = BonsaiSampler.Global,
            CalibrationSets = CalibrationSets.Disjoint,
            Utility = SubModelUtility.Divergence,
            Perturb = false,
            Regression = RegressionKind.Published,
            RegressionScope = RegressionScope.Local,
            RegressionPenalty = RegressionPenalty.L2,
            RegressionEpochs = 7,
            RegressionWeights = NumberList.Of(5),
            RegressionRates = NumberList.Of(2, 0.5),
            RegressionBatches = NumberList.Of(8, 16, 32),
            Stop = StopRule.Published,
            Tolerance = 0.01,
            Repair = UnitRepair.Bias,
        },
        Niwaki = new() { Rounds = 3, Group = 8, Passes = 2.5, WindowsPerGroup = 4, Explorable = 3.5, Prior = ImportancePrior.Wanda, Repair = UnitRepair.Bias },
        Depth = new()
        {
            Criterion = DepthCriterion.Kl,
            Search = DepthSearch.Swaps,
            Units = DepthUnit.Sublayer,
            Plus = true,
            Blocks = 2,
            MagnitudePower = 2,
            FullPath = true,
            Order = "order.csv",
        },
    };

    private const string EverythingYaml = """
        method: depth
        model: samples/novels-4m
        working_folder: "/home/a b"
        sparsity: 0.5
        seed: -7
        round_to: 64
        profile: nemotron-nas
        width_units: neurons
        precision: int16
        calibration:
          source: file
          file: a.txt
          windows: 3
          window: 17
          temperature: 0.7
          top_p: 1
        evaluation:
          source: file
          file: b.txt
          windows: 4
          window: 33
        bonsai:
          prune_fraction: 0.1
          masks_per_round: 51
          prior: random
          complement: false
          ridge: 1E-07
          mlp_attention_ratio: 0.5
          explorable: 2.5
          sampler: global
          calibration_sets: disjoint
          utility: divergence
          perturb: false
          regression: published
          regression_scope: local
          regression_penalty: l2
          regression_epochs: 7
          regression_weights: 5
          regression_rates: 2, 0.5
          regression_batches: 8, 16, 32
          stop: published
          tolerance: 0.01
          repair: bias
        niwaki:
          rounds: 3
          group: 8
          passes: 2.5
          windows_per_group: 4
          explorable: 3.5
          prior: wanda
          repair: bias
        depth:
          criterion: kl
          search: swaps
          units: sublayer
          plus: true
          blocks: 2
          magnitude_power: 2
          full_path: true
          order: order.csv

        """;

    [Fact]
    public void ToYaml_EveryKeySet_WritesAllInFixedOrder() => Assert.Equal(EverythingYaml, Everything.ToYaml());

    [Fact]
    public void Parse_EveryKeySet_ReadsAll() => Assert.Equal(Everything, Recipe.Parse(EverythingYaml, "r.yaml"));

    [Theory]
    [InlineData("")]
    [InlineData("# nothing but words\n")]
    [InlineData("---\n...\n")]
    [InlineData("{}")]
    [InlineData("bonsai:\ndepth: {}\ncalibration: null\n")]
    public void Parse_NothingSet_GivesDefaults(string yaml) => Assert.Equal(new Recipe(), Recipe.Parse(yaml, "r.yaml"));

    [Fact]
    public void Parse_FlowStyle_ReadsAll()
    {
        Recipe recipe = Recipe.Parse("method: bonsai\nsparsity: 5e-1\ncalibration: { file: wiki.train.raw, windows: 32, window: 2048 }\n", "r.yaml");
        var calibration = new CalibrationOptions { Source = TextSource.File, File = "wiki.train.raw", Windows = 32, Window = 2048 };
        Assert.Equal(new Recipe { Sparsity = 0.5, Calibration = calibration }, recipe);
    }

    [Fact]
    public void Parse_FileWithoutSource_MeansTheFile()
    {
        Recipe recipe = Recipe.Parse("calibration: {file: a}\nevaluation: {file: b}", "r.yaml");
        Assert.Equal((TextSource.File, TextSource.File), (recipe.Calibration.Source, recipe.Evaluation.Source));
    }

    [Fact]
    public void ToYaml_RandomRecipes_ReadBackEqual()
    {
        var random = new SeededRandom(1);
        for (int i = 0; i < 300; i++)
        {
            Recipe recipe = RandomRecipe(random);
            Assert.Equal(recipe, Recipe.Parse(recipe.ToYaml(), "r.yaml"));
        }
    }

    [Fact]
    public void ToYaml_GermanCulture_WritesAndReadsPoints()
    {
        CultureInfo before = CultureInfo.CurrentCulture;
        CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo("de-DE");
        try
        {
            Assert.Equal(EverythingYaml, Everything.ToYaml());
            Assert.Equal(Everything, Recipe.Parse(EverythingYaml, "r.yaml"));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Theory]
    [InlineData("bonsai.yaml", PruningMethod.Bonsai)]
    [InlineData("shortened-llama.yaml", PruningMethod.Depth)]
    public void Load_SampleRecipe_CanBeRunOnceModelAndTextsAreNamed(string name, PruningMethod method)
    {
        Recipe recipe = Recipe.Load(RepositoryFiles.Get("samples", "recipes", name));
        Assert.Equal(method, recipe.Method);
        var error = Assert.Throws<RecipeException>(() => recipe.Validate());
        Assert.Equal(["Model", "'calibration.file'", "'evaluation.file'"], error.Faults.Select(fault => fault.Split(' ')[0]));
        Recipe complete = recipe with
        {
            Model = "m",
            Calibration = recipe.Calibration with { File = "a" },
            Evaluation = recipe.Evaluation with { File = "b" },
        };
        Assert.Same(complete, complete.Validate());
    }

    [Fact]
    public void SaveAndLoad_WrittenFile_ReadsBackEqual()
    {
        Everything.Save(_folder["recipe.yaml"]);
        Assert.Equal(Everything, Recipe.Load(_folder["recipe.yaml"]));
        Assert.Equal(["recipe.yaml"], _folder.Names);
    }

    [Fact]
    public void Load_ByteOrderMark_IsSkipped() =>
        Assert.Equal(0.4, Recipe.Load(_folder.Write("r.yaml", [0xEF, 0xBB, 0xBF, .. "sparsity: 0.4"u8])).Sparsity);

    [Fact]
    public void FullPath_WorkingFolderHasTheFile_IsThere()
    {
        _folder.Write("a.txt", "x");
        Assert.Equal(_folder["a.txt"], new Recipe { WorkingFolder = _folder.Path }.FullPath("a.txt"));
    }

    [Fact]
    public void FullPath_NothingAnywhere_IsBelowTheWorkingFolder() =>
        Assert.Equal(_folder["no.txt"], new Recipe { WorkingFolder = _folder.Path }.FullPath("no.txt"));

    [Fact]
    public void FullPath_NoWorkingFolder_IsBelowTheCurrentFolder() => Assert.Equal(Path.GetFullPath("a.txt"), new Recipe().FullPath("a.txt"));

    [Fact]
    public void FullPath_OnlyInTheCurrentFolder_IsThere()
    {
        // The test assembly is the one file that is sure to be found below the folder that the test runs in.
        string here = Path.GetRelativePath(Directory.GetCurrentDirectory(), typeof(RecipeTests).Assembly.Location);
        Assert.Equal(typeof(RecipeTests).Assembly.Location, new Recipe { WorkingFolder = _folder["deep/er/and/deep/er"] }.FullPath(here));
    }

    private static Recipe RandomRecipe(SeededRandom random) => new()
    {
        Method = (PruningMethod)random.NextInt(6),
        Model = RandomPath(random),
        WorkingFolder = RandomPath(random),
        Sparsity = 1e-9 + (random.NextDouble() * 0.999),
        Seed = unchecked((long)random.NextBits()),
        RoundTo = (int[])[1, 32, 64, 128, 256] is var sizes ? sizes[random.NextInt(5)] : 1,
        Profile = random.NextInt(7) is var profile and < 6 ? (ShapeProfile)profile : null,
        WidthUnits = (WidthUnits)random.NextInt(3),
        Precision = (ScoringPrecision)random.NextInt(2),
        Calibration = new()
        {
            Source = (TextSource)random.NextInt(2),
            File = RandomPath(random),
            Windows = 1 + random.NextInt(1 << 20),
            Window = 2 + random.NextInt(1 << 19),
            Temperature = random.NextDouble() * 10,
            TopP = 1 - random.NextDouble(),
        },
        Evaluation = new()
        {
            Source = (TextSource)random.NextInt(2),
            File = RandomPath(random),
            Windows = random.NextInt(2) == 0 ? null : 1 + random.NextInt(1 << 20),
        },
        Bonsai = new()
        {
            PruneFraction = 1e-12 + (random.NextDouble() / 2),
            MasksPerRound = 2 + random.NextInt(1000),
            Prior = (ImportancePrior)random.NextInt(5),
            Complement = random.NextInt(2) == 0,
            Ridge = Math.Pow(10, (random.NextDouble() * 12) - 9),
            MlpAttentionRatio = Math.Pow(10, (random.NextDouble() * 12) - 10),
            Explorable = 1 + (random.NextDouble() * 999),
            Sampler = (BonsaiSampler)random.NextInt(2),
            CalibrationSets = (CalibrationSets)random.NextInt(3),
            Utility = (SubModelUtility)random.NextInt(3),
            Perturb = random.NextInt(2) == 0,
            Regression = (RegressionKind)random.NextInt(3),
            RegressionScope = (RegressionScope)random.NextInt(2),
            RegressionPenalty = (RegressionPenalty)random.NextInt(2),
            RegressionEpochs = 1 + random.NextInt(10_000),
            Stop = (StopRule)random.NextInt(2),
            Tolerance = 1e-9 + (random.NextDouble() * 0.999),
            Repair = (UnitRepair)random.NextInt(2),
        },
        Niwaki = new()
        {
            Rounds = 1 + random.NextInt(1000),
            Group = 1 + random.NextInt(1 << 16),
            WindowsPerGroup = 2 + random.NextInt(1000),
            Explorable = 1 + (random.NextDouble() * 999),
            Prior = (ImportancePrior)random.NextInt(5),
            Repair = (UnitRepair)random.NextInt(2),
        },
        Depth = new() { Plus = random.NextInt(2) == 0, Blocks = random.NextInt(2) == 0 ? null : 1 + random.NextInt(10_000) },
    };

    /// <summary>Paths out of everything that YAML might take for something else.</summary>
    private static string? RandomPath(SeededRandom random)
    {
        string[] pieces =
        [
            "a", "null", "~", "true", "no", "12", "1e5", " ", ":", ": ", " #", "#", "-", "- ", "'", "\"", "\\", "\\n", "/", "..", "{", "}", "[", "]",
            ",", "&x", "*x", "!", "|", ">", "%", "@", "`", "?", "ü", "漢", "😀", "\u2028", "\u00A0", "\u200B", "\uFEFF", "---", "...",
        ];
        string path = string.Concat(Enumerable.Range(0, random.NextInt(5)).Select(_ => pieces[random.NextInt(pieces.Length)]));
        return path.Length == 0 ? null : path;
    }
}
