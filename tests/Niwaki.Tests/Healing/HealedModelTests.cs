using Niwaki.Formats.HuggingFace;
using Niwaki.Healing;
using Niwaki.Tests.Formats;
using Niwaki.Tests.Models;

namespace Niwaki.Tests.Healing;

public sealed class HealedModelTests
{
    // The field names Python files that are not there: with it stock software does not load the folder.
    [Fact]
    public void Write_SourceWithCodeOfItsOwn_LeavesAutoMapOut()
    {
        using var model = new OpenModel(new RandomCheckpointSpec { ExtraConfig = """{"auto_map": {"AutoConfig": "configuration_x.X"}, "custom": 1}""" });
        using var folder = new TemporaryFolder();

        HealedModel.Write(folder["healed"], model.Checkpoint, _ => null, _ => "card");

        using var healed = Checkpoint.Open(folder["healed"]);
        Assert.Equal(model.Checkpoint.Config.Names.Where(name => name != "auto_map"), healed.Config.Names);
        Assert.Equal(model.Checkpoint.ContentHash(TestContext.Current.CancellationToken), healed.ContentHash(TestContext.Current.CancellationToken));
    }
}
