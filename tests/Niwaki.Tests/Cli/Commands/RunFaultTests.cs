using System.Diagnostics;
using Niwaki.Tests.Formats;

namespace Niwaki.Tests.Cli.Commands;

/// <summary>Runs that cannot begin, are stopped, or run out of disk.</summary>
public class RunFaultTests
{
    [Fact]
    public void Prune_OutputHoldsOtherFiles_LeavesThemAlone()
    {
        using var folder = new TemporaryFolder();
        string model = SmallModel.Write(folder["model"]);
        folder.Write("run/thesis.tex", "mine");

        CommandRunner.Prune(model, folder["run"], "--json").AssertFails(1, "thesis.tex", "--out");

        Assert.Equal("thesis.tex", Path.GetFileName(Assert.Single(Directory.EnumerateFileSystemEntries(folder["run"]))));
    }

    [Fact]
    public void Prune_OutputHoldsARun_PointsToResume()
    {
        using var folder = new TemporaryFolder();
        string model = SmallModel.Write(folder["model"]);
        CommandRunner.Prune(model, folder["run"], "--method", "random");
        byte[] plan = File.ReadAllBytes(folder["run/plan.json"]);

        CommandRunner.Prune(model, folder["run"], "--json").AssertFails(1, "niwaki resume");

        Assert.Equal(plan, File.ReadAllBytes(folder["run/plan.json"]));
    }

    [Theory]
    [InlineData("--calibration", "nowhere.txt")]
    [InlineData("--evaluation", "nowhere.txt")]
    [InlineData("--calibration", "short.txt")]
    [InlineData("--evaluation", "short.txt")]
    public void Prune_TextMissingOrShort_LeavesNothing(string option, string name)
    {
        using var folder = new TemporaryFolder();
        string model = SmallModel.Write(folder["model"]);
        folder.Write("short.txt", "It rained.");

        CommandRunner.Prune(model, folder["run"], option, folder[name], "--json").AssertFails(1, name);

        Assert.Equal(["model", "short.txt"], folder.Names);
    }

    [Fact]
    public void Prune_TextMissingAndEmptyFolder_LeavesTheFolder()
    {
        using var folder = new TemporaryFolder();
        string model = SmallModel.Write(folder["model"]);
        Directory.CreateDirectory(folder["run"]);

        CommandRunner.Prune(model, folder["run"], "--calibration", folder["nowhere.txt"], "--json").AssertFails(1, "nowhere.txt");

        Assert.Empty(Directory.EnumerateFileSystemEntries(folder["run"]));
    }

    [Fact]
    public void Prune_OutputBelowAFile_Fails()
    {
        using var folder = new TemporaryFolder();
        string model = SmallModel.Write(folder["model"]);
        folder.Write("file", "mine");

        CommandRunner.Prune(model, folder["file"], "--json").AssertFails(1, "is a file");
        CommandRunner.Prune(model, folder["file/run"], "--json").AssertFails(1, "file");

        Assert.Equal("mine", File.ReadAllText(folder["file"]));
    }

    [Fact]
    public void Resume_NoRun_Fails()
    {
        using var folder = new TemporaryFolder();

        CommandRunner.Run("resume", folder["run"], "--json").AssertFails(1, "does not exist", "niwaki prune");
        CommandRunner.Run("resume", folder.Path, "--json").AssertFails(1, "recipe.yaml", "niwaki prune");
        Assert.Empty(folder.Names);
    }

    [Fact]
    public void Prune_Cancelled_ResumesToTheSamePlan()
    {
        using var folder = new TemporaryFolder();
        string model = SmallModel.Write(folder["model"]);
        string[] whole = ["prune", model, "--out", folder["whole"], .. CommandRunner.Quick];
        string[] stopped = [.. whole];
        stopped[3] = folder["stopped run"];
        Assert.Equal(0, CommandRunner.Run(whole).ExitCode);

        CommandRunner.RunUntil("round 2", stopped).AssertFails(130, $"niwaki resume \"{folder["stopped run"]}\"", "Stopped.");
        Assert.False(File.Exists(folder["stopped run/plan.json"]));
        CommandResult resumed = CommandRunner.Run("resume", folder["stopped run"]);

        Assert.True(resumed.ExitCode == 0, resumed.Error);
        Assert.Equal(File.ReadAllBytes(folder["whole/plan.json"]), File.ReadAllBytes(folder["stopped run/plan.json"]));
        Assert.Equal(resumed.Output, CommandRunner.Run("resume", folder["stopped run"]).Output);
    }

    // What the run measured so far would be that of another model.
    [Fact]
    public void Resume_OtherWeightsOfTheSameShape_IsRefused()
    {
        using var folder = new TemporaryFolder();
        string model = SmallModel.Write(folder["model"]);
        byte[] weights = File.ReadAllBytes(folder["model/model.safetensors"]);
        CommandRunner.RunUntil("round 2", ["prune", model, "--out", folder["run"], .. CommandRunner.Quick]).AssertFails(130, "niwaki resume");

        SmallModel.Fill(model, "model.layers.0.mlp.down_proj.weight", 0.5f);
        CommandRunner.Run("resume", folder["run"], "--json").AssertFails(1, "weights have another hash", folder["run"]);

        File.WriteAllBytes(folder["model/model.safetensors"], weights);
        Assert.Equal(0, CommandRunner.Run("resume", folder["run"]).ExitCode);
    }

    [Theory]
    [InlineData("eval")]
    [InlineData("score")]
    [InlineData("generate")]
    public void Run_Cancelled_Returns130(string verb)
    {
        using StringWriter output = new(), error = new();
        string[] more = verb == "generate" ? ["--prompt", "It rained."] : ["--file", CommandRunner.Text];

        int code = Niwaki.Cli.NiwakiCommandLine.Run([verb, CommandRunner.Sample, .. more], output, error, new CancellationToken(canceled: true));

        Assert.Equal((130, "Stopped."), (code, error.ToString().Trim()));
    }

    [Fact]
    public async Task Prune_Interrupted_EndsWithAResumableRun()
    {
        using var folder = new TemporaryFolder();
        CancellationToken token = TestContext.Current.CancellationToken;
        string[] args = [.. CommandRunner.Quick];
        args[1] = "100000";
        using Process process = CommandRunner.Start("exec \"$@\"", ["prune", CommandRunner.Sample, "--out", folder["run"], .. args]);
        string? line;
        do
        {
            line = await process.StandardError.ReadLineAsync(token);
        }
        while (line?.StartsWith("round 1", StringComparison.Ordinal) == false);

        using (Process kill = Process.Start("kill", ["-INT", process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]))
        {
            await kill.WaitForExitAsync(token);
        }

        string error = await process.StandardError.ReadToEndAsync(token);
        await process.WaitForExitAsync(token);

        Assert.Equal(130, process.ExitCode);
        Assert.Contains("niwaki resume", error, StringComparison.Ordinal);
        Assert.True(File.Exists(folder["run/recipe.yaml"]));
        Assert.False(Directory.Exists(folder["run/model"]));
    }

    // A disk of 4 MiB, made of memory and seen by this process alone: the run fits, the smaller model of 6 MB does not.
    [Fact]
    public async Task Prune_DiskFull_FailsAndResumesLater()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["disk"]);
        const string Script =
            """
            mount -t tmpfs -o size=4m tmpfs "$DISK" || exit 77
            "$@"
            echo "first $?, left $(ls -A "$DISK/run" | tr '\n' ' ')"
            mount -o remount,size=64m tmpfs "$DISK"
            "$1" resume "$DISK/run" --threads 1
            echo "second $?"
            """;
        CancellationToken token = TestContext.Current.CancellationToken;
        using Process process = CommandRunner.Start(
            $"export DISK='{folder["disk"]}'; exec unshare -rm /bin/sh -c '{Script.Replace("'", "'\\''", StringComparison.Ordinal)}' sh \"$@\"",
            ["prune", CommandRunner.Sample, "--out", folder["disk/run"], "--method", "random", .. CommandRunner.Quick]);
        Task<string> errors = process.StandardError.ReadToEndAsync(token);
        string output = await process.StandardOutput.ReadToEndAsync(token);
        string error = await errors;
        await process.WaitForExitAsync(token);

        Assert.SkipWhen(!output.Contains("first", StringComparison.Ordinal), $"Needs a disk of its own, which this machine does not allow: {error.Trim()}");
        Assert.StartsWith("first 1, left calibration.json evaluation.json journal.jsonl plan.json recipe.yaml run.lock", output, StringComparison.Ordinal);
        Assert.Contains("disk was full", error, StringComparison.Ordinal);
        Assert.Contains("niwaki resume", error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at Niwaki", error, StringComparison.Ordinal);
        Assert.EndsWith("second 0", output.TrimEnd(), StringComparison.Ordinal);
    }
}
