using Niwaki.Formats.HuggingFace;
using Niwaki.Models;
using Niwaki.Tests.Models;

namespace Niwaki.Tests.Pruning.Surgery;

/// <summary>A model that was cut must compute what the whole one computes while the removed units are switched off.</summary>
public class CutModelTests
{
    private static readonly BlockShape Full = new(4, 2, 12);

    private const string SlidingWindows = """
        {"sliding_window": 3, "use_sliding_window": true,
         "layer_types": ["full_attention", "sliding_attention", "full_attention", "sliding_attention", "sliding_attention"]}
        """;

    private static readonly int[] Ids = [3, 23, 0, 7, 7, 19, 1, 11];

    // The gate of a whole sub-layer is closed with its units, so its output bias is gone in both; that of a thinned sub-layer stays in both.
    [Theory]
    [InlineData("llama", false)]
    [InlineData("llama", true)]
    [InlineData("mistral", false)]
    [InlineData("qwen2", false)]
    [InlineData("qwen3", true)]
    public void Apply_AnyArchitecture_ComputesWhatTheGatedSourceComputes(string modelType, bool biases)
    {
        using var model = new SurgeryFixture(new RandomCheckpointSpec
        {
            ModelType = modelType,
            AttentionBias = biases,
            MlpBias = biases,
            Blocks = [Full, Full, Full, Full, Full],
            ExtraConfig = modelType == "llama" ? "{}" : SlidingWindows,
        });
        ModelConfig config = ModelConfigReader.Read(model.Source);
        BlockSelection[] kept =
        [
            new([2, 3], [1], [0, 1, 5, 11]), new([], [], []), new([], [], [3, 4, 5]), new([0, 3], [0, 1], []), BlockSelection.All(Full),
        ];

        using Checkpoint cut = model.Apply(kept);

        ModelGates gates = ModelGates.For(config, new ModelSelection(config, kept));
        double[][] expected = new ReferenceModel(model.Source, config).Logits(Ids, gates);
        double[][] found = new ReferenceModel(cut, ModelConfigReader.Read(cut)).Logits(Ids);
        double[][] whole = new ReferenceModel(model.Source, config).Logits(Ids);

        // float64: only the order of sums differs. The whole model is far away, so the comparison means something.
        Assert.True(LargestDifference(expected, found) < 1e-12);
        Assert.True(LargestDifference(expected, whole) > 1e-2);
    }

    // 3 equal heads of a Llama that is 16 wide become a Mistral, for stock software; its arithmetic is that of the Llama.
    [Fact]
    public void Apply_LlamaThatBecomesAMistral_ComputesWhatTheGatedSourceComputes()
    {
        using var model = new SurgeryFixture(new RandomCheckpointSpec { Blocks = [new BlockShape(4, 4, 12), new BlockShape(4, 4, 12)] });
        ModelConfig config = ModelConfigReader.Read(model.Source);
        BlockSelection[] kept = [new([0, 1, 3], [0, 1, 3], [2, 5]), new([1, 2, 3], [1, 2, 3], [0, 11])];

        using Checkpoint cut = model.Apply(kept);

        Assert.Equal("mistral", cut.Config.GetString("model_type"));
        double[][] expected = new ReferenceModel(model.Source, config).Logits(Ids, ModelGates.For(config, new ModelSelection(config, kept)));
        double[][] found = new ReferenceModel(cut, ModelConfigReader.Read(cut)).Logits(Ids);
        Assert.True(LargestDifference(expected, found) < 1e-12);
    }

    private static double LargestDifference(double[][] a, double[][] b) =>
        a.Zip(b).Max(rows => rows.First.Zip(rows.Second).Max(pair => Math.Abs(pair.First - pair.Second)));
}
