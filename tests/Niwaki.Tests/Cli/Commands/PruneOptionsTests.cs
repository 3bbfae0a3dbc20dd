using System.Text.Json;
using Niwaki.Models;
using Niwaki.Tests.Formats;

namespace Niwaki.Tests.Cli.Commands;

/// <summary>Options and recipes of <c>prune</c>, and what a dry run says of them.</summary>
public class PruneOptionsTests
{
    // The recipe of a run holds the folder that its paths start from; what is named on the command line starts here all the same.
    [Fact]
    public void Prune_RecipeOfARunElsewhere_PathsOfTheCommandLineStartHere()
    {
        using var folder = new TemporaryFolder();
        string there = Directory.CreateDirectory(folder["there"]).FullName;
        string name = Path.GetFileName(folder["model"]);
        SmallModel.Write(Path.Combine(there, name), SmallModel.Spec with { Blocks = [new BlockShape(4, 4, 96)] });
        string model = SmallModel.Write(folder[name]);
        string recipe = folder.Write("recipe.yaml", $"working_folder: {there}\n");
        string relative = Path.GetRelativePath(Directory.GetCurrentDirectory(), model);

        CommandResult result = CommandRunner.Prune(relative, folder["run"], "--recipe", recipe, "--method", "random", "--json");

        Assert.True(result.ExitCode == 0, result.Error);
        Assert.Equal(SmallModel.Prunable, result.Json.GetProperty("prunableBefore").GetInt64());
        Assert.Contains($"model: {Path.GetFullPath(relative)}", File.ReadAllText(folder["run/recipe.yaml"]), StringComparison.Ordinal);
    }

    // The published command, but for the names of the script and of a model that is here.
    [Fact]
    public void Prune_OptionsOfThePublishedCommandLine_AreKnown()
    {
        using var folder = new TemporaryFolder();

        CommandResult result = CommandRunner.Run(
            "prune", "--model", SmallModel.Write(folder["model"]), "--save", folder["run"], "--sparsity_ratio", "0.2", "--nsamples", "2", "--seqlen", "32", "--bsz", "1",
            "--masks_per_iter", "4", "--prune_frac", "0.1", "--prune_method", "wanda", "--mlp_attn_ratio", "1.0", "--tol", "0.02", "--regression", "published",
            "--sm_reg_weight", "[1e2, 1e-4, 0]", "--sm_lr_factor", "[100, 10]", "--sm_bsz", "[4]", "--sm_nepochs", "2", "--sm_reg_type", "l2", "--sm_lin_model_type", "local",
            "--repair_method", "bias", "--evaluation-limit", "2", "--evaluation-window", "32", "--threads", "1", "--json");

        Assert.True(result.ExitCode == 0, result.Error);
        string recipe = File.ReadAllText(folder["run/recipe.yaml"]);
        Assert.Contains("regression_weights: 100, 0.0001, 0", recipe, StringComparison.Ordinal);
        Assert.Contains("regression_rates: 100, 10", recipe, StringComparison.Ordinal);
        Assert.Contains("regression_batches: 4", recipe, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("bonsai.yaml", "depth", "0.5")]
    [InlineData("shortened-llama.yaml", "random", "0.1875")]
    public void Prune_RecipeOfRepository_OptionsOverrideIt(string recipe, string method, string sparsity)
    {
        using var folder = new TemporaryFolder();
        string model = SmallModel.Write(folder["model"]);

        CommandResult result = CommandRunner.Prune(
            model, folder["run"], "--recipe", RepositoryFiles.Get("samples", "recipes", recipe), "--method", method,
            "--plus", "false", "--calibration", "self", "--evaluation", "self", "--json");

        Assert.True(result.ExitCode == 0, result.Error);
        string written = File.ReadAllText(folder["run/recipe.yaml"]);
        Assert.Contains($"method: {method}", written, StringComparison.Ordinal);
        Assert.Contains($"sparsity: {sparsity}", written, StringComparison.Ordinal);
    }

    // Options of other methods are for scripts that try one method after the other; who forgot --method sees it at once.
    [Theory]
    [InlineData("random", "--blocks 1 --rounds 2", "Method random does not look at --prune-fraction, --masks, --rounds, --blocks.")]
    [InlineData("niwaki", "--prior wanda --group 4", "Method niwaki does not look at --prune-fraction, --masks.")]
    [InlineData("bonsai", "--prior wanda --units block", "Method bonsai does not look at --units.")]
    [InlineData("depth+width", "--passes 4 --units block", "Method depth+width does not look at --passes.")]
    public void Prune_OptionsOfAnotherMethod_SaysSo(string method, string more, string expected)
    {
        using var folder = new TemporaryFolder();

        CommandResult result = CommandRunner.Prune(SmallModel.Write(folder["model"]), folder["run"], ["--method", method, "--dry-run", .. more.Split(' ')]);

        Assert.True(result.ExitCode == 0, result.Error);
        Assert.Contains(expected, result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Prune_DryRun_WritesNothing()
    {
        using var folder = new TemporaryFolder();

        JsonElement json = CommandRunner.Prune(SmallModel.Write(folder["model"]), folder["run"], "--dry-run", "--json").Json;

        Assert.True(json.GetProperty("seconds").GetDouble() > 0);
        Assert.True(json.GetProperty("memoryBytes").GetInt64() > 0);
        Assert.InRange(json.GetProperty("diskBytes").GetInt64(), 1, new FileInfo(folder["model/model.safetensors"]).Length);
        Assert.Equal(["model"], folder.Names);
    }

    // Every round counts as the first; later ones have fewer units and may look closer.
    [Theory]
    [InlineData("1000")]
    [InlineData("4")]
    [InlineData("1")]
    public void Prune_DryRunOfNiwaki_TokensNearThoseOfTheRun(string passes)
    {
        using var folder = new TemporaryFolder();
        string model = SmallModel.Write(folder["model"]);
        string[] options = ["--method", "niwaki", "--sparsity", "0.3", "--windows-per-group", "2", "--rounds", "3", "--passes", passes, "--json"];

        long estimated = CommandRunner.Prune(model, folder["run"], [.. options, "--dry-run"]).Json.GetProperty("forwardTokens").GetInt64();
        long taken = CommandRunner.Prune(model, folder["run"], options).Json.GetProperty("forwardTokens").GetInt64() - (2 * 32); // the model wrote its text

        Assert.InRange(estimated, 0.6 * taken, 1.6 * taken);
    }

    [Theory]
    [InlineData("--calibration", "typo.txt")]
    [InlineData("--evaluation", "typo.txt")]
    [InlineData("--order", "typo.csv")]
    public void Prune_FileThatDoesNotExist_SaysSoBeforeAnythingIsMade(string option, string name)
    {
        using var folder = new TemporaryFolder();
        string model = SmallModel.Write(folder["model"]);
        string[] options = [option, folder[name], "--method", "depth", "--sparsity", "0.4"];

        foreach (string[] more in (string[][])[[], ["--dry-run"]])
        {
            CommandRunner.Prune(model, folder["run"], [.. options, .. more]).AssertFails(1, "Could not find file", name);
            Assert.Equal(["model"], folder.Names);
        }
    }
}
