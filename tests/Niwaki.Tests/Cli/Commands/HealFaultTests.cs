using Niwaki.Tests.Formats;

namespace Niwaki.Tests.Cli.Commands;

/// <summary>Healings whose models changed or do not fit together.</summary>
public sealed class HealFaultTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    // Half of the steps near one model and half near another is no healing that could be repeated.
    [Fact]
    public void Heal_ResumedBesideAnotherTeacher_IsRefused()
    {
        string model = SmallModel.Write(_folder["model"]), dense = SmallModel.Write(_folder["dense"]);
        byte[] weights = File.ReadAllBytes(_folder["dense/model.safetensors"]);
        string[] arguments = [.. Arguments(model), "--method", "full", "--teacher", dense, "--kl", "1", "--log-every", "1"];
        CommandRunner.RunUntil("full, step 2 of", arguments).AssertFails(130, "--resume");

        SmallModel.Fill(dense, "model.embed_tokens.weight", 0.1f);
        CommandRunner.Run([.. arguments, "--resume"]).AssertFails(3, "model of the training has the hash");

        File.WriteAllBytes(_folder["dense/model.safetensors"], weights);
        CommandResult resumed = CommandRunner.Run([.. arguments, "--resume"]);
        Assert.True(resumed.ExitCode == 0, resumed.Error);
    }

    [Fact]
    public void Heal_EndOfTextBeyondTheVocabulary_IsRefused()
    {
        string model = SmallModel.Write(_folder["model"], SmallModel.Spec with { ExtraConfig = """{"bos_token_id": 0, "eos_token_id": 4096}""" });
        CommandRunner.Run(Arguments(model)).AssertFails(3, "end of text has id 4096, expected an id below 4096");
        Assert.False(Directory.Exists(_folder["healed"]));
    }

    private string[] Arguments(string model) => [.. HealCommandTests.Arguments(model), "--out", _folder["healed"], "--threads", "1"];
}
