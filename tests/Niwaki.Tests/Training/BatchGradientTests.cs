using Niwaki.Kernels;
using Niwaki.Models;
using Niwaki.Tests.Kernels;
using Niwaki.Tests.Models;
using Niwaki.Training;
using static Niwaki.Tests.Training.ParameterNumbers;

namespace Niwaki.Tests.Training;

public sealed class BatchGradientTests
{
    private const float Factor = 0.25f;
    private static readonly RandomCheckpointSpec Spec = new() { TiedEmbeddings = true };

    /// <summary>Four and a half shards' worth of tokens in windows of very different length.</summary>
    private static readonly int[] Lengths = [700, 300, 2, 900, 31, 1500, 256, 256, 256, 500];

    [Fact]
    public void Compute_BatchOfSeveralShards_IsTheGradientOfTheWholeBatch()
    {
        using var model = new OpenModel(Spec);
        using var team = new ThreadTeam(2);
        using ModelParameters weights = ModelParameters.Load(model.Checkpoint, model.Config);
        using var expected = new ModelParameters(weights.Layout);
        using var actual = new ModelParameters(weights.Layout);
        using var whole = new ModelGradient(model.Config, team);
        using var sharded = new BatchGradient(model.Config, weights.Layout, team, teacher: null);
        int[][] windows = model.Windows(Lengths);
        TrainingExample[] examples = [.. windows.Select(window => new TrainingExample(window, 2))];
        double loss = whole.Compute(new TrainableModel(weights), examples, Factor, expected).LossNats;
        Assert.Equal(loss, sharded.Compute(new TrainableModel(weights), examples, Factor, actual, noise: 1).LossNats, loss * 1e-6);
        Assert.Equal(loss, sharded.Loss(new TrainableModel(weights), examples), loss * 1e-6);
        Close.Assert(Numbers(expected), Numbers(actual), 1e-3, 1e-4);

        // Gradients are added to, those of the shards are not kept.
        sharded.Compute(new TrainableModel(weights), examples, Factor, actual, noise: 1);
        Close.Assert([.. Numbers(expected).Select(value => 2 * value)], Numbers(actual), 2e-3, 1e-4);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Compute_AnyNumberOfThreads_SameBits(bool adapters)
    {
        using var model = new OpenModel(Spec);
        using ModelParameters weights = ModelParameters.Load(model.Checkpoint, model.Config);
        using LoraAdapters? lora = adapters ? new LoraAdapters(model.Config, new LoraOptions { Rank = 2, Dropout = 0.3 }, seed: 3) : null;
        TrainableModel trainable = lora is null ? new TrainableModel(weights) : new TrainableModel(weights, lora);
        TrainingExample[] examples = [.. model.Windows(Lengths).Select(window => new TrainingExample(window))];
        float[]? expected = null;
        foreach (int threads in new[] { 1, 2, 3, 4, 9 })
        {
            using var team = new ThreadTeam(threads);
            using var gradients = new ModelParameters(trainable.Trained);
            using var passes = new BatchGradient(model.Config, trainable.Trained, team, teacher: null);
            BatchLoss sums = passes.Compute(trainable, examples, Factor, gradients, noise: 7);
            float[] all = [(float)sums.LossNats, (float)passes.Loss(trainable, examples), .. Numbers(gradients)];
            MatMulReference.AssertSameBits(expected ??= all, all, $"{threads} threads");
        }
    }

    [Fact]
    public void Compute_Teacher_SameBitsOnAnyThreadsAndWhereItsWeightsAreReadAnew()
    {
        var shape = new BlockShape(4, 2, 40);
        using var pruned = new OpenModel(Spec);
        using var dense = new OpenModel(Spec with { Blocks = [shape, shape, shape, shape, shape, shape] }, seed: 5);
        using ModelParameters weights = ModelParameters.Load(pruned.Checkpoint, pruned.Config);
        TrainingExample[] examples = [.. pruned.Windows(Lengths).Select(window => new TrainingExample(window))];
        float[]? expected = null;
        foreach ((int threads, long? memory) in new (int, long?)[] { (1, null), (2, null), (5, null), (2, LeastMemory(dense)) })
        {
            using var team = new ThreadTeam(threads);
            using Transformer engine = dense.Load(new TransformerOptions { MemoryBytes = memory });
            using var teacher = new DenseTeacher(engine, 0.5, 0.25, [.. Enumerable.Range(0, pruned.Config.Blocks.Count)]);
            using var gradients = new ModelParameters(weights.Layout);
            using var passes = new BatchGradient(pruned.Config, weights.Layout, team, teacher);
            Assert.Equal(memory is null, engine.KeepsAllWeights);
            if (memory is not null)
            {
                Assert.Throws<InvalidOperationException>(() => engine.Beside(team));
            }

            BatchLoss sums = passes.Compute(new TrainableModel(weights), examples, Factor, gradients, noise: 7);
            float[] all = [(float)sums.LossNats, (float)sums.DivergenceNats, (float)sums.HiddenDifference, .. Numbers(gradients)];
            MatMulReference.AssertSameBits(expected ??= all, all, $"{threads} threads, {memory} bytes");
        }

        Assert.All(expected!.Take(3), sum => Assert.True(sum > 0));
    }

    [Fact]
    public void Compute_IdOutsideTheVocabulary_ThrowsAndGoesOnAfterwards()
    {
        using var model = new OpenModel(Spec);
        using var team = new ThreadTeam(3);
        using ModelParameters weights = ModelParameters.Load(model.Checkpoint, model.Config);
        using var gradients = new ModelParameters(weights.Layout);
        using var passes = new BatchGradient(model.Config, weights.Layout, team, teacher: null);
        TrainingExample[] examples = [.. model.Windows(Lengths).Select(window => new TrainingExample(window))];
        TrainingExample[] wrong = [.. examples];
        wrong[5] = new TrainingExample([.. Enumerable.Repeat(model.Config.VocabularySize, 1500)]);
        Assert.Throws<ArgumentOutOfRangeException>(() => passes.Compute(new TrainableModel(weights), wrong, Factor, gradients, noise: 1));
        Assert.True(passes.Compute(new TrainableModel(weights), examples, Factor, gradients, noise: 1).LossNats > 0);
    }

    [Fact]
    public void Add_Others_SumsElementByElement()
    {
        using var model = new OpenModel(new RandomCheckpointSpec { HiddenSize = 76 });
        using var team = new ThreadTeam(2);
        using var target = ModelParameters.Random(model.Config, 1);
        using var first = ModelParameters.Random(model.Config, 2);
        using var second = ModelParameters.Random(model.Config, 3);
        float[] expected = [.. Numbers(target).Zip(Numbers(first), (x, y) => x + y).Zip(Numbers(second), (x, y) => x + y)];
        target.Add(team, [first, second]);
        MatMulReference.AssertSameBits(expected, Numbers(target), "sum");
    }

    /// <summary>The smallest budget, found from what a smaller one is refused with.</summary>
    private static long LeastMemory(OpenModel model)
    {
        MemoryBudgetException refused = Assert.Throws<MemoryBudgetException>(() => model.Load(new TransformerOptions { MemoryBytes = 1 }));
        return refused.Needed;
    }
}
