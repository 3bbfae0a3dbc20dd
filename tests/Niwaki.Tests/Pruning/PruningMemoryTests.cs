using Niwaki.Models;
using Niwaki.Tensors;
using Niwaki.Tests.Cli;
using Niwaki.Tests.Formats;

namespace Niwaki.Tests.Pruning;

/// <summary>What a run holds in memory. Nothing else runs beside: the count is that of the whole process.</summary>
[Collection(nameof(PruningMemoryTests))]
[CollectionDefinition(nameof(PruningMemoryTests), DisableParallelization = true)]
public class PruningMemoryTests
{
    // Whoever can hold the model can prune it, also where the result is compared with the source.
    [Theory]
    [InlineData("random")]
    [InlineData("depth")]
    public void Prune_WholeRun_HoldsTheWeightsOnce(string method)
    {
        using var folder = new TemporaryFolder();
        string model = SmallModel.Write(
            folder["model"], SmallModel.Spec with { HiddenSize = 256, HeadDim = 32, Blocks = [.. Enumerable.Repeat(new BlockShape(8, 8, 1024), 6)] });
        long weights = new FileInfo(folder["model/model.safetensors"]).Length, before = NativeMemoryUse.LiveBytes;
        NativeMemoryUse.ResetPeak();

        CommandResult result = CommandRunner.Prune(model, folder["run"], "--method", method, "--sparsity", "0.2", "--calibration", CommandRunner.Text, "--evaluation", CommandRunner.OtherText);

        Assert.True(result.ExitCode == 0, result.Error);
        Assert.InRange(NativeMemoryUse.PeakBytes - before, 0.9 * weights, (1.15 * weights) + (4 << 20));
    }
}
