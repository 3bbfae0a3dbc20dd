using Niwaki.Kernels;
using Niwaki.Models;
using Niwaki.Numerics;
using Niwaki.Tests.Kernels;
using Niwaki.Tests.Models;
using Niwaki.Training;
using static Niwaki.Tests.Training.ParameterNumbers;

namespace Niwaki.Tests.Training;

public sealed class LoraTests
{
    private static readonly RandomCheckpointSpec Pruned = new()
    {
        AttentionBias = true,
        Blocks = [new BlockShape(4, 2, 12), new BlockShape(0, 0, 9), new BlockShape(2, 1, 0), new BlockShape(3, 3, 1)],
    };

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, true)]
    [InlineData(true, false)]
    public void Compute_Adapters_EqualsCentralDifferencesOfMergedWeights(bool trainHead, bool tied)
    {
        using var model = new OpenModel(Pruned with { TiedEmbeddings = tied });
        using var team = new ThreadTeam(2);
        using ModelParameters weights = ModelParameters.Load(model.Checkpoint, model.Config);
        var options = new LoraOptions
        {
            Rank = 3,
            Alpha = 5,
            Dropout = 0,
            TrainHead = trainHead,
            Targets = [BlockTensorRole.Query, BlockTensorRole.Value, BlockTensorRole.Output, BlockTensorRole.Up, BlockTensorRole.Down],
        };
        using LoraAdapters adapters = Drawn(model.Config, options);
        var trainable = new TrainableModel(weights, adapters);
        Assert.Equal(trainHead, trainable.Trained.Find(tied ? TensorNames.Embedding : TensorNames.OutputHead) is not null);
        using var gradients = new ModelParameters(trainable.Trained);
        using var passes = new ModelGradient(model.Config, team);
        int[][] windows = model.Windows(6, 5);
        float[] losses = new float[11];
        passes.Compute(trainable, [.. windows.Select(window => new TrainingExample(window, 2))], 0.5f, gradients, losses: losses);

        ReferenceModel reference = model.Reference;
        var values = adapters.Values.Layout.Tensors.ToDictionary(tensor => tensor.Name, tensor => CentralDifference.Widen(Numbers(adapters.Values, tensor)));
        var start = new Dictionary<string, double[]>();
        double Loss()
        {
            foreach (ParameterTensor down in adapters.Values.Layout.Tensors.Where(tensor => tensor.Name.Contains("lora_A", StringComparison.Ordinal)))
            {
                string name = down.Name.Replace("lora_A.", "", StringComparison.Ordinal);
                double[] whole = reference.Values(name);
                double[] before = start.TryGetValue(name, out double[]? kept) ? kept : start[name] = [.. whole];
                double[] a = values[down.Name], b = values[down.Name.Replace("lora_A", "lora_B", StringComparison.Ordinal)];
                for (int i = 0; i < whole.Length; i++)
                {
                    (int row, int column) = (i / down.Columns, i % down.Columns);
                    whole[i] = before[i] + (options.Scale * Enumerable.Range(0, 3).Sum(r => b[(row * 3) + r] * a[(r * down.Columns) + column]));
                }
            }

            // The first predicted token of every window does not count.
            return 0.5 * windows.Sum(window => reference.Losses(window).Skip(1).Sum());
        }

        Assert.Equal(2 * Loss(), losses.Sum(loss => (double)loss), 1e-4);
        foreach (ParameterTensor tensor in trainable.Trained.Tensors)
        {
            double[] point = values.TryGetValue(tensor.Name, out double[]? own) ? own : reference.Values(tensor.Name);
            CentralDifference.Assert(Loss, point, Numbers(gradients, tensor), tensor.Name, places: 6);
        }

        // Merged, the adapters give the same losses as beside the weights.
        float[] apart = passes.Losses(trainable, [.. windows.Select(window => new TrainingExample(window, 2))]);
        adapters.MergeInto(weights, team);
        float[] merged = passes.Losses(new TrainableModel(weights), [.. windows.Select(window => new TrainingExample(window, 2))]);
        Close.Assert(apart, merged, 1e-5, 1e-5);
    }

    [Fact]
    public void Compute_Dropout_EqualsCentralDifferencesWithTheSameElementsDropped()
    {
        // One adapter on the query of one block, and a loss that is linear in its output: what is dropped is read off by dropping ones.
        using var model = new OpenModel(new RandomCheckpointSpec { Blocks = [new BlockShape(2, 2, 4)] });
        using var team = new ThreadTeam(2);
        using LoraAdapters adapters = Drawn(model.Config, new LoraOptions { Rank = 3, Alpha = 6, Dropout = 0.4, Targets = [BlockTensorRole.Key] });
        using var gradients = new ModelParameters(adapters.Values.Layout);
        using var passes = new AdapterPasses(team);
        var block = new BlockAdapters(adapters, gradients, 0, 77);
        const int Rows = 9, Width = 16, Queries = 8, Outputs = 24;
        using var x = GuardedMatrix.Normal(Rows, Width, 1);
        using var dy = GuardedMatrix.Normal(Rows, Outputs, 2);
        using var y = new GuardedMatrix(Rows, Outputs);
        using var dx = new GuardedMatrix(Rows, Width);
        passes.Forward(block, BlockTensorRole.Query, x.View, y.View);
        passes.Backward(block, BlockTensorRole.Query, x.View, dy.View, dx.View);

        using var ones = new GuardedMatrix(Rows, Width);
        using var kept = new GuardedMatrix(Rows, Width);
        for (int row = 0; row < Rows; row++)
        {
            ones.View[row].Fill(1);
        }

        Dropout.Apply(team, ones.View, kept.View, 0.4, 2, SeededRandom.Mix(77, (long)BlockTensorRole.Key));
        double[] mask = CentralDifference.Widen(kept), input = CentralDifference.Widen(x), weight = CentralDifference.Widen(dy);
        double[] a = CentralDifference.Widen(Numbers(adapters.Values, adapters.Values.Layout.Tensors[0]));
        double[] b = CentralDifference.Widen(Numbers(adapters.Values, adapters.Values.Layout.Tensors[1]));
        Assert.InRange(mask.Count(value => value == 0), 30, 90); // of 144

        double Output(int row, int column) => Enumerable.Range(0, 3).Sum(
            r => b[(column * 3) + r] * Enumerable.Range(0, Width).Sum(i => a[(r * Width) + i] * mask[(row * Width) + i] * input[(row * Width) + i]));
        double Loss() => Enumerable.Range(0, Rows * Queries).Sum(i => Output(i / Queries, i % Queries) * weight[((i / Queries) * Outputs) + Queries + (i % Queries)]);

        Assert.All(Enumerable.Range(0, Rows * Outputs), i =>
        {
            (int row, int column) = (i / Outputs, i % Outputs);
            Assert.Equal(column is >= Queries and < 2 * Queries ? Output(row, column - Queries) : 0, y.View[row][column], 1e-4);
        });
        CentralDifference.Assert(Loss, input, dx.ToArray(), "dx");
        CentralDifference.Assert(Loss, a, Numbers(gradients, gradients.Layout.Tensors[0]), "dA");
        CentralDifference.Assert(Loss, b, Numbers(gradients, gradients.Layout.Tensors[1]), "dB");
    }

    // 600 and 450 tokens are more than the 1,024 rows of a chunk: the second chunk begins at token 5 + 600.
    [Fact]
    public void Compute_DropoutInTwoChunks_DropsTheSameInputsForwardAndBackward()
    {
        using var model = new OpenModel(new RandomCheckpointSpec());
        using var team = new ThreadTeam(2);
        using ModelParameters weights = ModelParameters.Load(model.Checkpoint, model.Config);
        using LoraAdapters adapters = Drawn(model.Config, new LoraOptions { Rank = 3, Alpha = 6, Dropout = 0.3, Targets = [BlockTensorRole.Value, BlockTensorRole.Down] });
        var trainable = new TrainableModel(weights, adapters);
        TrainingExample[] examples = [.. model.Windows(600, 450, 9).Select(window => new TrainingExample(window))];
        using var again = new ModelGradient(model.Config, team);
        using var keeping = new ModelGradient(model.Config, team, room: 1L << 30);
        using var gradients = new ModelParameters(trainable.Trained);
        using var kept = new ModelParameters(trainable.Trained);
        using var unused = new ModelParameters(trainable.Trained);
        float[] losses = new float[1059], keptLosses = new float[1059], second = new float[459];
        double loss = again.Compute(trainable, examples, 1, gradients, noise: 7, firstToken: 5, losses: losses).LossNats;
        keeping.Compute(trainable, examples, 1, kept, noise: 7, firstToken: 5, losses: keptLosses);
        Assert.Equal((false, true), (again.KeptActivations, keeping.KeptActivations));
        MatMulReference.AssertSameBits([.. losses, .. Numbers(gradients)], [.. keptLosses, .. Numbers(kept)], "activations kept");

        // The seed and the place of a chunk in the batch decide, nothing else.
        again.Compute(trainable, examples[1..], 1, unused, noise: 7, firstToken: 605, losses: second);
        Close.Assert(losses.AsSpan(600), second, 1e-5, 1e-5);
        Assert.NotEqual(loss, again.Compute(trainable, examples, 1, unused, noise: 7, firstToken: 6).LossNats);
        Assert.NotEqual(loss, again.Compute(trainable, examples, 1, unused).LossNats);

        // Along the gradient of a matrix the loss rises by its norm. Losses are float32: the step is one that they resolve.
        const double Step = 0.01;
        foreach (ParameterTensor tensor in trainable.Trained.Tensors)
        {
            float[] gradient = Numbers(gradients, tensor);
            float[] start = [.. Enumerable.Range(0, tensor.Rows).SelectMany(row => trainable[tensor][row].ToArray())];
            double norm = Math.Sqrt(gradient.Sum(value => (double)value * value));
            double LossAt(double distance)
            {
                for (int i = 0; i < start.Length; i++)
                {
                    trainable[tensor][i / tensor.Columns][i % tensor.Columns] = (float)(start[i] + (distance * gradient[i] / norm));
                }

                return again.Compute(trainable, examples, 1, unused, noise: 7, firstToken: 5).LossNats;
            }

            double slope = (LossAt(Step) - LossAt(-Step)) / (2 * Step);
            Assert.True(Math.Abs(slope - norm) <= 0.01 * norm, $"{tensor.Name}: slope is {slope}, expected {norm}.");
            Assert.Equal(loss, LossAt(0));
        }
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(2.5, 0)]
    [InlineData(1, 0.5)]
    public void Compute_Teacher_EqualsCentralDifferencesOfTheWholeObjective(double divergence, double hidden)
    {
        // The pruned model has blocks 0 and 2 of the dense one, narrower; its other weights differ too, which changes nothing here.
        using var dense = new OpenModel(new RandomCheckpointSpec { Blocks = [new BlockShape(4, 2, 12), new BlockShape(4, 2, 12), new BlockShape(4, 2, 12)] }, seed: 5);
        using var model = new OpenModel(new RandomCheckpointSpec { Blocks = [new BlockShape(2, 1, 7), new BlockShape(0, 0, 5)] });
        using var team = new ThreadTeam(2);
        using Transformer engine = dense.Load();
        using ModelParameters weights = ModelParameters.Load(model.Checkpoint, model.Config);
        using var gradients = new ModelParameters(weights.Layout);
        using var passes = new ModelGradient(model.Config, team);
        using var teacher = new DenseTeacher(engine, divergence, hidden, [0, 2]);
        int[][] windows = model.Windows(6, 3);
        float[] losses = new float[9];
        teacher.Read([[1, 2, 3], .. windows]);
        BatchLoss sums = passes.Compute(
            new TrainableModel(weights), [.. windows.Select(window => new TrainingExample(window))], 0.5f, gradients, new TeacherPart(teacher, 3, 0.25f), losses: losses);

        ReferenceModel reference = model.Reference, expected = dense.Reference;
        var streams = new Dictionary<(int Window, int Block), double[][]>();
        double[][][] denseLogits = [.. windows.Select((window, w) => expected.Logits(window, behind: (block, stream) => streams[(w, block)] = [.. stream.Select(row => (double[])row.Clone())]))];
        (double Loss, double Divergence, double Hidden) Sums()
        {
            double lossSum = 0, klSum = 0, differenceSum = 0;
            for (int w = 0; w < windows.Length; w++)
            {
                int number = w;
                double[][] logits = reference.Logits(windows[w], behind: (block, stream) =>
                    differenceSum += stream.Zip(streams[(number, 2 * block)], (row, other) => row.Zip(other, (x, y) => (x - y) * (x - y)).Sum() / row.Length).Sum());
                for (int t = 0; t + 1 < windows[w].Length; t++)
                {
                    double log = Math.Log(logits[t].Sum(Math.Exp)), other = Math.Log(denseLogits[w][t].Sum(Math.Exp));
                    lossSum += log - logits[t][windows[w][t + 1]];
                    klSum += denseLogits[w][t].Zip(logits[t], (e, l) => Math.Exp(e - other) * (e - other - l + log)).Sum();
                }
            }

            return (lossSum, klSum, differenceSum);
        }

        (double loss, double kl, double difference) = Sums();
        Assert.Equal(loss, sums.LossNats, 1e-4);
        Assert.Equal(divergence > 0 ? kl : 0, sums.DivergenceNats, 1e-4);
        Assert.Equal(hidden > 0 ? difference : 0, sums.HiddenDifference, 1e-4);
        double Objective()
        {
            (double l, double d, double h) = Sums();
            return (0.5 * (l + (divergence * d))) + (0.25 * hidden * h);
        }

        foreach (ParameterTensor tensor in weights.Layout.Tensors)
        {
            CentralDifference.Assert(Objective, reference.Values(tensor.Name), Numbers(gradients, tensor), tensor.Name, places: 6);
        }
    }

    private static LoraAdapters Drawn(ModelConfig config, LoraOptions options)
    {
        var adapters = new LoraAdapters(config, options, 3);
        var random = new SeededRandom(4);
        foreach (ParameterTensor tensor in adapters.Values.Layout.Tensors)
        {
            for (int row = 0; row < tensor.Rows; row++)
            {
                foreach (ref float value in adapters.Values[tensor][row])
                {
                    // B begins with zeros, with which A has no gradient.
                    Assert.True(tensor.Name.Contains("lora_A", StringComparison.Ordinal) == (value != 0), $"{tensor.Name} begins with {value}.");
                    value = (float)(random.NextNormal() * 0.3);
                }
            }
        }

        return adapters;
    }
}
