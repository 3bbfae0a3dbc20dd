using Niwaki.Kernels;
using Niwaki.Models;
using Niwaki.Tests.Kernels;
using Niwaki.Tests.Models;
using Niwaki.Training;
using static Niwaki.Tests.Training.ParameterNumbers;

namespace Niwaki.Tests.Training;

public sealed class ModelGradientTests
{
    private static readonly Dictionary<string, RandomCheckpointSpec> Specs = new()
    {
        ["grouped queries"] = new RandomCheckpointSpec(),
        ["biases"] = new RandomCheckpointSpec { AttentionBias = true, MlpBias = true, TiedEmbeddings = true, Blocks = [new BlockShape(3, 1, 7)] },
        ["qwen2"] = new RandomCheckpointSpec { ModelType = "qwen2", HeadDim = 6, Blocks = [new BlockShape(2, 2, 5), new BlockShape(2, 2, 5)] },
        ["query and key norms"] = new RandomCheckpointSpec { ModelType = "qwen3", HeadDim = 8, HiddenSize = 10, TiedEmbeddings = true },
        ["sliding window"] = new RandomCheckpointSpec { ModelType = "mistral", ExtraConfig = """{"sliding_window": 3}""" },
        ["pruned"] = new RandomCheckpointSpec
        {
            TiedEmbeddings = true,
            Blocks = [new BlockShape(4, 2, 12), new BlockShape(0, 0, 9), new BlockShape(2, 1, 0), new BlockShape(0, 0, 0), new BlockShape(3, 3, 1)],
        },
    };

    public static TheoryData<string> SpecNames => [.. Specs.Keys];

    [Theory]
    [MemberData(nameof(SpecNames))]
    public void Compute_AnyBlocks_EqualsCentralDifferences(string spec)
    {
        using var model = new OpenModel(Specs[spec]);
        using var team = new ThreadTeam(2);
        using ModelParameters parameters = ModelParameters.Load(model.Checkpoint, model.Config);
        using var gradients = new ModelParameters(parameters.Layout);
        using var passes = new ModelGradient(model.Config, team);
        int[][] windows = model.Windows(7, 1, 4);
        const float Factor = 0.5f;
        float[][] losses = passes.Compute(parameters, windows, Factor, gradients);

        ReferenceModel reference = model.Reference;
        for (int i = 0; i < windows.Length; i++)
        {
            Close.Assert([.. reference.Losses(windows[i]).Select(loss => (float)loss)], losses[i], 1e-5, 1e-5);
        }

        double Loss() => Factor * windows.Sum(window => reference.Losses(window).Sum());
        foreach (ParameterTensor tensor in parameters.Layout.Tensors)
        {
            CentralDifference.Assert(Loss, reference.Values(tensor.Name), Numbers(gradients, tensor), tensor.Name, places: 6);
        }
    }

    [Fact]
    public void Losses_ManyChunks_EqualThoseOfTheEngine()
    {
        // 45 windows of 50 tokens are more than twice the 1,024 rows of a chunk.
        using var model = new OpenModel(new RandomCheckpointSpec());
        using var team = new ThreadTeam(2);
        using ModelParameters parameters = ModelParameters.Load(model.Checkpoint, model.Config);
        using var gradients = new ModelParameters(parameters.Layout);
        using var passes = new ModelGradient(model.Config, team);
        int[][] windows = model.Windows([.. Enumerable.Repeat(50, 45)]);
        float[][] losses = passes.Losses(parameters, windows);
        float[][] withGradients = passes.Compute(parameters, windows, 1, gradients);
        using Transformer engine = model.Load();
        float[][] expected = ForwardPass.Losses(engine, windows, cancellationToken: TestContext.Current.CancellationToken);
        for (int i = 0; i < windows.Length; i++)
        {
            Assert.Equal(losses[i], withGradients[i]);
            Close.Assert(expected[i], losses[i], 1e-5, 1e-5);
        }

        // The whole set at once gives the sum of what its windows give one by one.
        using var sums = new ModelParameters(parameters.Layout);
        foreach (int[] window in windows)
        {
            passes.Compute(parameters, [window], 1, sums);
        }

        foreach (ParameterTensor tensor in parameters.Layout.Tensors)
        {
            Close.Assert(Numbers(sums, tensor), Numbers(gradients, tensor), 2e-3, 1e-3);
        }
    }

    [Fact]
    public void Compute_AnyNumberOfThreads_SameBits()
    {
        using var model = new OpenModel(Specs["query and key norms"]);
        using ModelParameters parameters = ModelParameters.Load(model.Checkpoint, model.Config);
        int[][] windows = model.Windows(30, 17, 64);
        float[]? expected = null;
        foreach (int threads in new[] { 1, 2, 5 })
        {
            using var team = new ThreadTeam(threads);
            using var passes = new ModelGradient(model.Config, team);
            using var gradients = new ModelParameters(parameters.Layout);
            float[] losses = [.. passes.Compute(parameters, windows, 1, gradients).SelectMany(loss => loss)];
            float[] all = [.. losses, .. Numbers(gradients)];
            MatMulReference.AssertSameBits(expected ??= all, all, $"{threads} threads");
        }
    }

    [Theory]
    [InlineData("query and key norms")]
    [InlineData("biases")]
    public void Compute_RoomForTheActivationsOfAllBlocks_SameBits(string name)
    {
        using var model = new OpenModel(Specs[name]);
        using ModelParameters parameters = ModelParameters.Load(model.Checkpoint, model.Config);
        using var team = new ThreadTeam(2);
        using var again = new ModelGradient(model.Config, team);
        using var keeping = new ModelGradient(model.Config, team, room: 1L << 30);
        foreach (int[][] windows in new[] { model.Windows(700, 600, 9), model.Windows(30, 17) })
        {
            using var expected = new ModelParameters(parameters.Layout);
            using var actual = new ModelParameters(parameters.Layout);
            float[][] losses = again.Compute(parameters, windows, 1, expected);
            Assert.Equal(losses, keeping.Compute(parameters, windows, 1, actual));
            Assert.Equal((false, true), (again.KeptActivations, keeping.KeptActivations));
            Assert.All(parameters.Layout.Tensors, tensor => MatMulReference.AssertSameBits(Numbers(expected, tensor), Numbers(actual, tensor), tensor.Name));
        }
    }

    [Fact]
    public void Compute_IdOutsideTheVocabularyOrOtherModel_Throws()
    {
        using var model = new OpenModel(new RandomCheckpointSpec());
        using var other = new OpenModel(new RandomCheckpointSpec { HiddenSize = 12 });
        using var team = new ThreadTeam(1);
        using ModelParameters parameters = ModelParameters.Load(model.Checkpoint, model.Config);
        using ModelParameters foreign = ModelParameters.Load(other.Checkpoint, other.Config);
        using var passes = new ModelGradient(model.Config, team);
        Assert.Throws<ArgumentOutOfRangeException>(() => passes.Losses(parameters, [[1, model.Config.VocabularySize]]));
        Assert.Throws<ArgumentException>(() => passes.Losses(foreign, [[1, 2]]));
        Assert.Throws<ArgumentException>(() => passes.Compute(parameters, [[1, 2]], 1, foreign));
    }
}
