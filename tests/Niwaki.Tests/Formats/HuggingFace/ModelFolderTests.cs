using Niwaki.Formats;
using Niwaki.Formats.HuggingFace;

namespace Niwaki.Tests.Formats.HuggingFace;

public sealed class ModelFolderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Resolve_ModelFolder_IsItself()
    {
        _folder.Write("config.json", "{}");
        _folder.Write("model/config.json", "{}"); // a folder called model inside a model folder means nothing
        Assert.Equal(_folder.Path, ModelFolder.Resolve(_folder.Path));
    }

    [Theory]
    [InlineData("plan.json")]
    [InlineData("recipe.yaml")]
    public void Resolve_RunFolder_IsItsModel(string file)
    {
        _folder.Write(file, "");
        _folder.Write("model/config.json", "{}");
        Assert.Equal(_folder["model"], ModelFolder.Resolve(_folder.Path));
    }

    [Fact]
    public void Resolve_UnfinishedRun_SaysHowToGoOn()
    {
        _folder.Write("recipe.yaml", "");
        AssertFault(_folder.Path, "run has no model/config.json, expected a finished run. Finish it with 'niwaki resume'.");
    }

    [Fact]
    public void Resolve_UnfinishedHealing_SaysHowToGoOn()
    {
        _folder.Write("healing.yaml", "");
        AssertFault(_folder.Path, "run has no model/config.json, expected a finished run. Finish it with 'niwaki heal' and --resume; adapters alone are no model.");
        _folder.Write("model/config.json", "{}");
        Assert.Equal(_folder["model"], ModelFolder.Resolve(_folder.Path));
    }

    [Fact]
    public void Resolve_ModelWithoutPlanOrRecipe_IsNotARun()
    {
        _folder.Write("model/config.json", "{}");
        AssertFault(_folder.Path, "folder has no config.json, expected a model folder with config.json and safetensors weights.");
    }

    [Fact]
    public void Resolve_NoSuchFolder_NamesTheWholePath()
    {
        string path = _folder["absent"];
        AssertFault(path, $"folder does not exist, expected a model folder with config.json and safetensors weights. Looked for '{path}'.");
    }

    [Theory]
    [InlineData("model.safetensors", "Give the folder that holds the file.")]
    [InlineData("model.Q8_0.gguf", "Give a folder.")]
    [InlineData("config.json", "Give a folder.")]
    public void Resolve_File_SaysWhatToGiveInstead(string name, string hint) =>
        AssertFault(_folder.Write(name, "{}"), $"path is a file, expected a model folder with config.json and safetensors weights. {hint}");

    [Theory]
    [InlineData("pytorch_model.bin", "'pytorch_model.bin' holds pickled weights, which are not supported")]
    [InlineData("consolidated.00.pth", "'consolidated.00.pth' holds pickled weights")]
    [InlineData("model.Q8_0.gguf", "Give the file 'model.Q8_0.gguf' itself.")]
    [InlineData("adapter_model.safetensors", "'adapter_model.safetensors' has another name")]
    public void Open_WeightsOfAnotherFormat_NamesThem(string name, string hint)
    {
        _folder.Write("config.json", "{}");
        _folder.Write(name, "x");
        ModelFormatException error = Assert.Throws<ModelFormatException>(() => Checkpoint.Open(_folder.Path));
        Assert.Contains("has neither model.safetensors nor model.safetensors.index.json", error.Message, StringComparison.Ordinal);
        Assert.Contains(hint, error.Message, StringComparison.Ordinal);
    }

    private static void AssertFault(string path, string expected)
    {
        ModelFormatException error = Assert.Throws<ModelFormatException>(() => ModelFolder.Resolve(path));
        Assert.Equal($"{Path.GetFileName(path)}: {expected}", error.Message);
        Assert.Equal(path, error.File);
    }
}
