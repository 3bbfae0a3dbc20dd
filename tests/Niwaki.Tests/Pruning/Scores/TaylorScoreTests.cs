using Niwaki.Models;
using Niwaki.Plans;
using Niwaki.Pruning.Decisions;
using Niwaki.Pruning.Scores;
using Niwaki.Tests.Models;
using Niwaki.Tests.Pruning.Search;
using Niwaki.Training;

namespace Niwaki.Tests.Pruning.Scores;

public sealed class TaylorScoreTests
{
    private const float Step = 1e-4f;

    private static readonly RandomCheckpointSpec Spec = new()
    {
        ModelType = "qwen3",
        AttentionBias = true,
        Blocks = [new BlockShape(4, 2, 6), new BlockShape(0, 0, 5), new BlockShape(3, 1, 0)],
    };

    [Fact]
    public void Gates_HeadsGroupsAndNeurons_AreTheSlopesOfTheLossAlongTheirGates()
    {
        using var fixture = new ContextFixture(Spec);
        using var model = new OpenModel(Spec);
        PruningContext context = fixture.Context();
        using var gradients = TaylorGradients.Compute(context, fixture.Calibration);
        double predicted = fixture.Calibration.Sum(window => window.Length - 1);

        double Slope(int block, Action<BlockGates, float> set)
        {
            // The gate of a float64 model, a little above and below 1.
            double Loss(float gate)
            {
                var gates = new ModelGates(3);
                set(gates[block], gate);
                return fixture.Calibration.Sum(window => model.Reference.Losses(window, gates).Sum()) / predicted;
            }

            float above = 1 + Step, below = 1 - Step;
            return (Loss(above) - Loss(below)) / ((double)above - below);
        }

        double[] heads = TaylorScore.HeadGates(gradients, 0), neurons = TaylorScore.NeuronGates(gradients, 1);
        double[] groups = TaylorScore.Gates(gradients, 0, UnitKind.KeyValueGroup);
        Assert.Equal((4, 5, 2), (heads.Length, neurons.Length, groups.Length));
        for (int head = 0; head < 4; head++)
        {
            AssertNear(Slope(0, (gates, value) => gates.SetHead(Spec.Blocks[0], head, value)), heads[head]);
        }

        for (int neuron = 0; neuron < 5; neuron++)
        {
            AssertNear(Slope(1, (gates, value) => gates.SetNeuron(Spec.Blocks[1], neuron, value)), neurons[neuron]);
        }

        for (int group = 0; group < 2; group++)
        {
            AssertNear(Slope(0, (gates, value) => gates.SetGroup(Spec.Blocks[0], group, value)), groups[group]);
        }
    }

    [Fact]
    public void Score_Blocks_SumsAbsoluteProductsOfWeightsAndSummedGradients()
    {
        using var fixture = new ContextFixture(Spec);
        PruningContext context = fixture.Context();
        double[] scores = new TaylorScore().Score(context, RemovalScanTests.Units("0 1 2 0a 0m"));

        // Signed over windows first: the gradients of one window after another are added before the absolute value is taken.
        using ModelParameters weights = ModelParameters.Load(context.Checkpoint, context.Config);
        using var passes = new ModelGradient(context.Config, context.Team);
        using var gradients = new ModelParameters(weights.Layout);
        float factor = 1f / fixture.Calibration.Sum(window => window.Length - 1);
        foreach (int[] window in fixture.Calibration)
        {
            passes.Compute(weights, [window], factor, gradients);
        }

        double Of(string prefix, params string[] names) => weights.Layout.Tensors
            .Where(tensor => tensor.Name.StartsWith(prefix, StringComparison.Ordinal) && names.Any(name => tensor.Name.EndsWith(name + ".weight", StringComparison.Ordinal)))
            .Sum(tensor => Enumerable.Range(0, tensor.Rows).Sum(
                row => weights[tensor][row].ToArray().Zip(gradients[tensor][row].ToArray(), (w, g) => Math.Abs((double)w * g)).Sum()));
        double attention = Of("model.layers.0.", "input_layernorm", "q_proj", "k_proj", "v_proj", "o_proj", "q_norm", "k_norm");
        double mlp = Of("model.layers.0.", "post_attention_layernorm", "gate_proj", "up_proj", "down_proj");
        AssertNear(attention, scores[3]);
        AssertNear(mlp, scores[4]);
        AssertNear(attention + mlp, scores[0]);
        AssertNear(Of("model.layers.1.", "post_attention_layernorm", "gate_proj", "up_proj", "down_proj"), scores[1]);
        Assert.Equal(fixture.Tokens, context.ForwardTokens);
        Assert.Matches(@"^Taylor scores need gradients: about [\d,]+ MiB", Assert.Single(fixture.Notices));
    }

    [Fact]
    public void OfWidth_Selection_IsThatOfTheModelWithClosedGates()
    {
        using var fixture = new ContextFixture(Spec);
        PruningContext context = fixture.Context();
        var builder = new SelectionBuilder(context.Config);
        builder.Remove([new Unit(UnitKind.Neuron, 0, 2), new Unit(UnitKind.KeyValueGroup, 0, 0), new Unit(UnitKind.Neuron, 1, 0)]);
        ModelSelection selection = builder.Build();
        var biases = new OutputBiases(context.Config);
        biases.Set(0, SubLayer.Mlp, [.. Enumerable.Range(0, context.Config.HiddenSize).Select(i => i * 0.01f)]);
        using var gradients = TaylorGradients.Compute(context, fixture.Calibration, selection, biases);

        // Loading the same selection for a forward pass gives the same loss: the weights are those.
        using Transformer cut = context.LoadModel(selection, biases);
        using var passes = new ModelGradient(gradients.Config, context.Team);
        float[] expected = ForwardPass.Losses(cut, fixture.Calibration, cancellationToken: TestContext.Current.CancellationToken)[0];
        Kernels.Close.Assert(expected, passes.Losses(gradients.Weights, fixture.Calibration)[0], 1e-5, 1e-5);
        Assert.Equal(5, TaylorScore.NeuronGates(gradients, 0).Length);
        Assert.Equal(4, TaylorScore.NeuronGates(gradients, 1).Length);
    }

    [Fact]
    public void Score_MemoryTooSmall_SaysHowMuchItNeedsBeforeItStarts()
    {
        using var fixture = new ContextFixture(Spec, memoryBytes: 1 << 20);
        PruningException exception = Assert.Throws<PruningException>(() => new TaylorScore().Score(fixture.Context(), RemovalScanTests.Units("0 1")));
        Assert.Contains("Taylor scores need", exception.Message, StringComparison.Ordinal);
        Assert.Contains("1,048,576", exception.Message, StringComparison.Ordinal);
    }

    private static void AssertNear(double expected, double actual) =>
        Assert.True(Math.Abs(expected - actual) <= (1e-3 * Math.Abs(expected)) + 2e-7, $"Found {actual}, expected {expected}.");
}
