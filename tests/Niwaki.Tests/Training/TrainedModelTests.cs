using Niwaki.Formats.HuggingFace;
using Niwaki.Tensors;
using Niwaki.Tests.Formats;
using Niwaki.Tests.Models;
using Niwaki.Training;

namespace Niwaki.Tests.Training;

public sealed class TrainedModelTests
{
    // Python files are not handed on, named chat templates are.
    [Fact]
    public void Write_ConfigWithCodeOfItsOwn_LeavesAutoMapOutAndCopiesTemplates()
    {
        var spec = new RandomCheckpointSpec { ExtraConfig = """{"auto_map": {"AutoConfig": "configuration_x.X"}, "custom": 1}""" };
        using var folder = new TemporaryFolder();
        folder.Write("tokenizer/tokenizer.json", "{}");
        folder.Write("tokenizer/additional_chat_templates/tool_use.jinja", "{{ messages }}");
        using ModelParameters weights = ModelParameters.Random(RandomCheckpoint.Config(spec), 1);

        TrainedModel.Write(folder["model"], weights, RandomCheckpoint.Document(spec), folder["tokenizer"], ElementType.F32);

        using var trained = Checkpoint.Open(folder["model"]);
        Assert.False(trained.Config.Has("auto_map"));
        Assert.True(trained.Config.Has("custom"));
        Assert.Equal("{{ messages }}", File.ReadAllText(folder["model/additional_chat_templates/tool_use.jinja"]));
    }
}
