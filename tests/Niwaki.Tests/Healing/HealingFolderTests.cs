using Niwaki.Healing;
using Niwaki.Tests.Formats;

namespace Niwaki.Tests.Healing;

public sealed class HealingFolderTests : IDisposable
{
    private const string Temporary = ".0123456789abcdef0123456789abcdef.tmp";
    private static readonly HealingRecipe Simple = new() { Model = "run", Text = "text.txt" };
    private readonly TemporaryFolder _folder = new();

    private HealingFolder Healed => new(_folder["healed"]);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Begin_KilledWhileTheRecipeWasWritten_CountsAsNew()
    {
        _folder.Write("healed/run.lock", "");
        _folder.Write("healed/.healing.yaml" + Temporary, "half a rec");

        Assert.Contains("Leave --resume out", Assert.Throws<HealingException>(() => Healed.Begin(Simple, resume: true)).Message, StringComparison.Ordinal);
        Healed.Begin(Simple, resume: false).Dispose();

        Assert.Equal(["healing.yaml", "run.lock"], Names("healed"));
    }

    [Fact]
    public void Begin_Resumed_RemovesWhatAKilledProcessLeftHalfWritten()
    {
        Healed.Begin(Simple, resume: false).Dispose();
        _folder.Write("healed/state-full.safetensors", "whole");
        _folder.Write("healed/.state-full.safetensors" + Temporary, "half");
        _folder.Write("healed/.model" + Temporary + "/model.safetensors", "half");
        _folder.Write("healed/sub-layers/block-0000-mlp.safetensors", "whole");
        _folder.Write("healed/sub-layers/.block-0001-attention.safetensors" + Temporary, "half");
        _folder.Write("healed/.notes.tmp", "of somebody else");

        Healed.Begin(Simple, resume: true).Dispose();

        Assert.Equal([".notes.tmp", "healing.yaml", "run.lock", "state-full.safetensors", "sub-layers"], Names("healed"));
        Assert.Equal(["block-0000-mlp.safetensors"], Names("healed/sub-layers"));
    }

    [Fact]
    public void Begin_FolderThatHoldsNoHealing_DoesNotSpeakOfResume()
    {
        _folder.Write("healed/mine.txt", "mine");

        string message = Assert.Throws<HealingException>(() => Healed.Begin(Simple, resume: false)).Message;

        Assert.Contains("exists and is not empty", message, StringComparison.Ordinal);
        Assert.DoesNotContain("--resume", message, StringComparison.Ordinal);
        Assert.True(File.Exists(_folder["healed/mine.txt"]));
    }

    [Fact]
    public void Begin_FolderThatHoldsAHealing_SpeaksOfResume()
    {
        Healed.Begin(Simple, resume: false).Dispose();

        string message = Assert.Throws<HealingException>(() => Healed.Begin(Simple, resume: false)).Message;

        Assert.Contains("Give --resume", message, StringComparison.Ordinal);
    }

    private string[] Names(string folder) => [.. Directory.EnumerateFileSystemEntries(_folder[folder]).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];
}
