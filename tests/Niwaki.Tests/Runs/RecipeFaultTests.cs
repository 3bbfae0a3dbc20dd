using Niwaki.Numerics;
using Niwaki.Runs;
using Niwaki.Tests.Formats;

namespace Niwaki.Tests.Runs;

public sealed class RecipeFaultTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("sparsity: 50", "Sparsity is 50, expected a fraction between 0 and 1. Did you mean 0.5?")]
    [InlineData("sparsity: 1", "Sparsity is 1, expected a fraction between 0 and 1.")]
    [InlineData("sparsity: 0", "Sparsity is 0, expected a fraction between 0 and 1.")]
    [InlineData("sparsity: -0.1", "Sparsity is -0.1, expected a fraction between 0 and 1.")]
    [InlineData("sparsity: '0.5'", "Sparsity is the text '0.5', expected a fraction between 0 and 1.")]
    [InlineData("sparsity: 0,5", "Sparsity is '0,5', expected a fraction between 0 and 1.")]
    [InlineData("sparsity: .nan", "Sparsity is '.nan', expected a fraction between 0 and 1.")]
    [InlineData("sparsity: NaN", "Sparsity is 'NaN', expected a fraction between 0 and 1.")]
    [InlineData("sparsity: Infinity", "Sparsity is 'Infinity', expected a fraction between 0 and 1.")]
    [InlineData("sparsity: 1e999", "Sparsity is '1e999', expected a fraction between 0 and 1.")]
    [InlineData("sparsity:", "Sparsity is missing, expected a fraction between 0 and 1.")]
    [InlineData("sparsity: {a: 1}", "Sparsity holds keys, expected a single value.")]
    [InlineData("seed: 0.5", "Seed is 0.5, expected a whole number of at most 64 bits.")]
    [InlineData("seed: 9223372036854775808", "Seed is 9223372036854775808, expected a whole number of at most 64 bits.")]
    [InlineData("round_to: 48", "'round_to' is 48, expected 1, 32, 64, 128 or 256.")]
    [InlineData("profile: unifrom", "Profile is 'unifrom', expected depth, uniform, hetero-gguf, hetero-hf, nemotron-nas or padded, or null. Did you mean 'uniform'?")]
    [InlineData("width_units: heads", "'width_units' is 'heads', expected all, groups or neurons.")]
    [InlineData("precision: int8", "Precision is 'int8', expected exact or int16.")]
    [InlineData("method: bonsia", "Method is 'bonsia', expected bonsai, depth, depth+width, random, magnitude or niwaki. Did you mean 'bonsai'?")]
    [InlineData("method: 0", "Method is 0, expected bonsai, depth, depth+width, random, magnitude or niwaki.")]
    [InlineData("model: ''", "Model is \"\", expected a path without control characters of at most 4096 characters, or null.")]
    [InlineData("model: \"a\\eb\"", "Model is \"a\\U0000001Bb\", expected a path without control characters of at most 4096 characters, or null.")]
    [InlineData("calibration: {windows: 0}", "'calibration.windows' is 0, expected a whole number from 1 to 1,048,576.")]
    [InlineData("calibration: {top_p: 95}", "'calibration.top_p' is 95, expected a fraction above 0, up to 1. Did you mean 0.95?")]
    [InlineData("calibration: {temperature: 10.5}", "'calibration.temperature' is 10.5, expected a number from 0 to 10.")]
    [InlineData("evaluation: {windows: all}", "'evaluation.windows' is 'all', expected a whole number from 1 to 1,048,576, or null.")]
    [InlineData("evaluation: {window: 1}", "'evaluation.window' is 1, expected a whole number from 2 to 1,048,576.")]
    [InlineData("bonsai: {complement: yes}", "'bonsai.complement' is 'yes', expected true or false.")]
    [InlineData("bonsai: {ridge: 0}", "'bonsai.ridge' is 0, expected a number from 1e-9 to 1,000.")]
    [InlineData("bonsai: {regression_batches: 1.5}", "'bonsai.regression_batches' is 1.5, expected up to 16 numbers from 1 to 1,000,000, whole, with commas between them.")]
    [InlineData("bonsai: {regression_rates: abc}", "'bonsai.regression_rates' is 'abc', expected up to 16 numbers from 1e-6 to 1e6, with commas between them.")]
    [InlineData("depth: {blocks: 0}", "'depth.blocks' is 0, expected a whole number from 1 to 10,000, or null.")]
    [InlineData("bonsai: 5", "Bonsai is 5, expected indented keys with values.")]
    [InlineData("sparcity: 0.5", "key 'sparcity' is unknown, expected a key of recipes. Did you mean 'sparsity'?")]
    [InlineData("sparsity_ratio: 0.5", "key 'sparsity_ratio' is unknown, expected a key of recipes. Did you mean 'sparsity'?")]
    [InlineData("prune_frac: 0.5", "key 'prune_frac' is unknown, expected a key of recipes. Did you mean 'bonsai.prune_fraction'?")]
    [InlineData("top_p: 0.5", "key 'top_p' is unknown, expected a key of recipes. Did you mean 'calibration.top_p'?")]
    [InlineData("bonsai: {masks_per_ruond: 2}", "key 'masks_per_ruond' is unknown, expected a key of 'bonsai'. Did you mean 'masks_per_round'?")]
    [InlineData("calibraton: {windows: 2}", "key 'calibraton' is unknown, expected a key of recipes. Did you mean 'calibration'?")]
    [InlineData("zzz: 1", "key 'zzz' is unknown, expected a key of recipes.")]
    [InlineData("<<: 1", "key '<<' is unknown, expected a key of recipes.")]
    [InlineData("seed: 1 # first\nseed: 2", "'seed' appears twice, expected each key once.", 2)]
    [InlineData("depth: {}\ndepth: {plus: true}", "'depth' appears twice, expected each key once.", 2)]
    [InlineData("seed: &a 1", "'seed' is or has an anchor, expected a plain value. Recipes have neither anchors nor lists.")]
    [InlineData("seed: *a", "'seed' is or has an alias, expected a plain value. Recipes have neither anchors nor lists.")]
    [InlineData("seed: !!int 1", "'seed' is or has a tag, expected a plain value. Recipes have neither anchors nor lists.")]
    [InlineData("seed: [1]", "'seed' is or has a list, expected a plain value. Recipes have neither anchors nor lists.")]
    [InlineData("bonsai: {ridge: {a: 1}}", "'ridge' is or has keys two levels deep, expected a plain value. Recipes have neither anchors nor lists.")]
    [InlineData("? [a]\n: 1", "a key is or has a list, expected a plain value. Recipes have neither anchors nor lists.")]
    [InlineData("- a", "the recipe is not a list of keys with plain values, expected lines such as 'sparsity: 0.3'.")]
    [InlineData("hello", "the recipe is not a list of keys with plain values, expected lines such as 'sparsity: 0.3'.")]
    [InlineData("seed: 1\n---\nseed: 2", "a second document begins, expected one recipe a file.", 2)]
    public void Parse_OneFault_SaysWhatAndWhere(string yaml, string fault, int line = 1)
    {
        var error = Assert.Throws<RecipeException>(() => Recipe.Parse(yaml, "some/where/r.yaml"));
        Assert.Equal([$"r.yaml, line {line}: {fault}"], error.Faults);
        Assert.Equal("some/where/r.yaml", error.File);
        Assert.Equal(error.Faults[0], error.Message);
    }

    [Fact]
    public void Parse_SeveralFaults_NamesAllInOrder()
    {
        const string Yaml = "sparsity: 2\nsped: 1\ncalibration:\n  windows: none\n  wndow: 7\nunknown:\n  a: 1\n  b: 2\n";
        var error = Assert.Throws<RecipeException>(() => Recipe.Parse(Yaml, "r.yaml"));
        Assert.Equal([1, 2, 4, 5, 6], error.Faults.Select(fault => int.Parse(fault.Split(' ')[2].TrimEnd(':'))));
        Assert.Equal(string.Join(Environment.NewLine, error.Faults), error.Message);
    }

    [Theory]
    [InlineData("sparsity: 0.5\n  seed: 1")]
    [InlineData("sparsity: \"0.5")]
    [InlineData("{seed: 1")]
    [InlineData("seed: 1\n\tround_to: 1")]
    [InlineData("a: b: c")]
    [InlineData("%YAML 7.9\n---\nseed: 1")]
    [InlineData("%YAML 99999999999999999999.1\n---\nseed: 1")]
    [InlineData("model: \"\\uD800\"")]
    [InlineData("model: \"\\U00110000\"")]
    [InlineData("model: \"\\UFFFFFFFF\"")]
    [InlineData("model: \"\\xZZ\"")]
    [InlineData("a: {\na: {\n")]
    [InlineData("!<\\> a: 1")]
    public void Parse_BrokenYaml_SaysSo(string yaml)
    {
        var error = Assert.Throws<RecipeException>(() => Recipe.Parse(yaml, "r.yaml"));
        Assert.Contains("YAML is broken", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_FaultWithControlCharacters_ShowsThemEscaped()
    {
        var error = Assert.Throws<RecipeException>(() => Recipe.Parse("\"\\e[2Jx\": 1\nmethod: \"\\e[2J\"", "r.yaml"));
        Assert.DoesNotContain('\u001b', error.Message);
    }

    [Fact]
    public void Parse_ManyAliases_IsRefusedAtTheFirst()
    {
        const string Bomb = "a: &a {x: 1}\nb: &b {x: *a, y: *a}\nc: &c {x: *b, y: *b}\n";
        Assert.Single(Assert.Throws<RecipeException>(() => Recipe.Parse(Bomb, "r.yaml")).Faults);
    }

    [Theory]
    [InlineData("[")]
    [InlineData("{a: ")]
    [InlineData("- ")]
    [InlineData("? ")]
    [InlineData("a: {\n")]
    public void Parse_MegabyteOfNesting_IsRefused(string opening) =>
        Assert.Throws<RecipeException>(() => Recipe.Parse(string.Concat(Enumerable.Repeat(opening, (1 << 20) / opening.Length)), "r.yaml"));

    [Fact]
    public void Parse_MutatedRecipes_ThrowNothingElse()
    {
        byte[] yaml = File.ReadAllBytes(RepositoryFiles.Get("samples", "recipes", "bonsai.yaml"));
        var random = new SeededRandom(5);
        const string Signs = "{}[],:&*!|>'\"%@`#?-\\ \n\t~0aZ\0\u0085\u2028\uFEFF";
        for (int i = 0; i < 500; i++)
        {
            char[] text = [.. yaml.Select(b => (char)b)];
            for (int j = random.NextInt(8); j >= 0; j--)
            {
                text[random.NextInt(text.Length)] = Signs[random.NextInt(Signs.Length)];
            }

            try
            {
                Recipe.Parse(new string(text, 0, random.NextInt(text.Length)), "r.yaml");
            }
            catch (RecipeException)
            {
            }
        }
    }

    [Fact]
    public void Parse_RandomSigns_ThrowNothingElse()
    {
        const string Signs = "{}[],:&*!|>'\"%@`#?-\\ \n\t~0aZ\0\u0085\u2028\uFEFF";
        var random = new SeededRandom(6);
        for (int i = 0; i < 3000; i++)
        {
            char[] text = [.. Enumerable.Range(0, random.NextInt(40)).Select(_ => Signs[random.NextInt(Signs.Length)])];
            try
            {
                Recipe.Parse(new string(text), "r.yaml");
            }
            catch (RecipeException)
            {
            }
        }
    }

    [Fact]
    public void Load_OverOneMebibyte_Throws()
    {
        string path = _folder.Write("r.yaml", "seed: 1 #" + new string('x', 1 << 20));
        var error = Assert.Throws<RecipeException>(() => Recipe.Load(path));
        Assert.Equal("r.yaml: file has more than 1,048,576 bytes, expected a recipe of a few lines.", error.Message);
    }

    [Fact]
    public void Load_InvalidUtf8_NamesTheByte()
    {
        var error = Assert.Throws<RecipeException>(() => Recipe.Load(_folder.Write("r.yaml", [(byte)'a', 0xFF])));
        Assert.Equal("r.yaml, byte 1: text is not valid UTF-8, expected a recipe in UTF-8.", error.Message);
    }

    [Fact]
    public void Load_NoFile_Throws() => Assert.Throws<FileNotFoundException>(() => Recipe.Load(_folder["absent.yaml"]));

    [Fact]
    public void Validate_DefaultsWithModel_ReturnsTheRecipe()
    {
        var recipe = new Recipe { Model = "m" };
        Assert.Same(recipe, recipe.Validate());
    }

    public static TheoryData<string, Recipe> Contradictions => new()
    {
        { "expected another text than 'calibration.file'", new Recipe { Calibration = new() { Source = TextSource.File, File = "a.txt" }, Evaluation = new() { Source = TextSource.File, File = "./a.txt" } } },
        { "it would write the same text twice", new Recipe { Calibration = new() { Temperature = 0 } } },
        { "compares two halves", new Recipe { Method = PruningMethod.Niwaki, Calibration = new() { Windows = 1 } } },
        { "'evaluation.windows' times 'evaluation.window' is 33,554,432 tokens", new Recipe { Evaluation = new() { Windows = 1 << 17, Window = 256 } } },
        { "'depth.criterion' is taylor, expected loss or kl", new Recipe { Method = PruningMethod.DepthWidth, Depth = new() { Criterion = DepthCriterion.Taylor } } },
        { "'depth.order' are not possible", new Recipe { Method = PruningMethod.DepthWidth, Depth = new() { Order = "order.csv" } } },
        { "'bonsai.calibration_sets' is not fixed", new Recipe { Method = PruningMethod.DepthWidth, Bonsai = new() { CalibrationSets = CalibrationSets.Disjoint } } },
    };

    [Theory]
    [MemberData(nameof(Contradictions))]
    public void Validate_Contradiction_IsNamed(string fault, Recipe recipe) =>
        Assert.Contains(fault, Assert.Single(Assert.Throws<RecipeException>(() => (recipe with { Model = "m" }).Validate()).Faults), StringComparison.Ordinal);

    [Fact]
    public void Validate_EverythingWrong_NamesAll()
    {
        var recipe = new Recipe
        {
            Sparsity = 50,
            WorkingFolder = "relative",
            Method = (PruningMethod)9,
            Calibration = new() { Windows = 1 << 20, Window = 17, Temperature = double.NaN, File = "a" },
            Evaluation = new() { Source = TextSource.File },
            Bonsai = new() { MasksPerRound = 3, Explorable = 30 },
        };
        var error = Assert.Throws<RecipeException>(() => recipe.Validate());
        Assert.Equal(
            [
                "Model is missing, expected the path of a model folder. Name it on the command line or in the recipe as 'model'.",
                "'working_folder' is 'relative', expected an absolute path.",
                "Method is 9, expected bonsai, depth, depth+width, random, magnitude or niwaki.",
                "Sparsity is 50, expected a fraction between 0 and 1. Did you mean 0.5?",
                "'calibration.temperature' is NaN, expected a number from 0 to 10.",
                "'calibration.source' is self, expected file because 'calibration.file' is 'a'. Leave one of them out.",
                "'evaluation.file' is missing, expected the path of a text file because 'evaluation.source' is file.",
                "'calibration.windows' times 'calibration.window' is 17,825,792 tokens, expected at most 16,777,216.",
                "'bonsai.masks_per_round' is 3, expected an even number with 'bonsai.complement'.",
                "'bonsai.explorable' times 'bonsai.prune_fraction' is 1.5, expected at most 1, which is every unit.",
            ],
            error.Faults);
        Assert.Null(error.File);
    }
}
