using Niwaki.Kernels;
using Niwaki.Tests.Kernels;
using Niwaki.Tests.Models;
using Niwaki.Training;
using static Niwaki.Tests.Training.ParameterNumbers;

namespace Niwaki.Tests.Training;

public sealed class OptimizerTests : IDisposable
{
    private static readonly RandomCheckpointSpec Spec = new() { AttentionBias = true, MlpBias = true };
    private static readonly TrainingOptions Options = new() { Steps = 10, LearningRate = 0.1, WarmUpSteps = 0, Schedule = ScheduleKind.Constant, WeightDecay = 0.5 };

    private readonly ThreadTeam _team = new(2);

    public void Dispose() => _team.Dispose();

    // In the first step the first moment is 1 - 0.9 of the gradient. Clipped at a quarter of its norm the gradient is a quarter; clipped at twice its norm it stays.
    [Fact]
    public void Apply_GradientsLongerThanTheClippingNorm_AreShortenedToIt()
    {
        using var gradients = ModelParameters.Random(RandomCheckpoint.Config(Spec), 2);
        float[] all = Numbers(gradients);
        double norm = Math.Sqrt(all.Sum(value => (double)value * value));
        float[] whole = FirstMoments(gradients, 2 * norm), shortened = FirstMoments(gradients, norm / 4);
        Close.Assert([.. all.Select(value => 0.1f * value)], whole, 0, 1e-6);
        Close.Assert([.. whole.Select(value => value / 4)], shortened, 0, 1e-6);
    }

    // With a gradient of 0 only the decay moves a weight: 0.1 · 0.5 of it go.
    [Fact]
    public void Apply_NoGradient_MatricesDecayNormsAndBiasesStay()
    {
        using var model = new OpenModel(Spec);
        using ModelParameters weights = ModelParameters.Load(model.Checkpoint, model.Config);
        using var gradients = new ModelParameters(weights.Layout);
        using var optimizer = new Optimizer(weights.Layout, Options, _team);
        var before = weights.Layout.Tensors.ToDictionary(tensor => tensor.Name, tensor => Numbers(weights, tensor));
        optimizer.Apply(new TrainableModel(weights), gradients, norm: 0);

        int staying = 0;
        foreach (ParameterTensor tensor in weights.Layout.Tensors)
        {
            float[] after = Numbers(weights, tensor);
            if (tensor.Name.EndsWith("norm.weight", StringComparison.Ordinal) || tensor.Name.EndsWith(".bias", StringComparison.Ordinal))
            {
                MatMulReference.AssertSameBits(before[tensor.Name], after, tensor.Name);
                staying++;
            }
            else
            {
                Close.Assert([.. before[tensor.Name].Select(value => 0.95f * value)], after, 0, 1e-6);
            }
        }

        Assert.Equal((2 * (2 + 7)) + 1, staying); // two blocks of two norms and seven biases, and the last norm
    }

    private float[] FirstMoments(ModelParameters gradients, double clipNorm)
    {
        using var weights = ModelParameters.Random(gradients.Layout.Config, 1);
        using var optimizer = new Optimizer(weights.Layout, Options with { ClipNorm = clipNorm }, _team);
        optimizer.Apply(new TrainableModel(weights), gradients, optimizer.Norm(gradients));
        return Numbers(optimizer.FirstMoment);
    }
}
