using System.Text.Json;

namespace Niwaki.Tests.Cli.Commands;

public class InspectCommandTests
{
    // By hand from config.json: embedding 4,096 · 192 (tied); a block q 192 · 192, k and v 96 · 192 each, o 192 · 192, three of 512 · 192, two
    // norms of 192; eight blocks; the last norm. Prunable: the matrices of the blocks.
    private const long Prunable = 8 * ((2 * 192 * 192) + (2 * 96 * 192) + (3 * 512 * 192));
    private const long Parameters = Prunable + (4096 * 192) + (8 * 2 * 192) + 192;

    [Fact]
    public void Inspect_Sample_ShowsParameters()
    {
        CommandResult result = CommandRunner.Run("inspect", CommandRunner.Sample);

        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.Contains("4,033,728", result.Output, StringComparison.Ordinal);
        Assert.Contains("3,244,032", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Inspect_Json_HoldsParametersAndBlocks()
    {
        JsonElement json = CommandRunner.Run("inspect", CommandRunner.Sample, "--json").Json;

        Assert.Equal(Parameters, json.GetProperty("parameters").GetInt64());
        Assert.Equal(Prunable, json.GetProperty("prunable").GetInt64());
        Assert.Equal(8, json.GetProperty("blocks").GetArrayLength());
        Assert.Equal(512, json.GetProperty("blocks")[0].GetProperty("neurons").GetInt32());
    }
}
