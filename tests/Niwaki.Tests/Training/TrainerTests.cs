using Niwaki.Datasets;
using Niwaki.Formats;
using Niwaki.Formats.HuggingFace;
using Niwaki.Kernels;
using Niwaki.Models;
using Niwaki.Tensors;
using Niwaki.Tests.Formats;
using Niwaki.Tests.Kernels;
using Niwaki.Tests.Models;
using Niwaki.Training;
using static Niwaki.Tests.Training.ParameterNumbers;

namespace Niwaki.Tests.Training;

public sealed class TrainerTests : IDisposable
{
    private static readonly RandomCheckpointSpec Spec = new() { TiedEmbeddings = true };
    private static readonly ModelConfig Config = RandomCheckpoint.Config(Spec);
    private static readonly TrainingOptions Options = new() { Steps = 60, Window = 12, Batch = 4, LearningRate = 1e-2, WarmUpSteps = 5, Seed = 2 };

    /// <summary>A text that can be learned: each id is followed by one of its own, so that the loss can fall from log 24 = 3.18 to nearly 0.</summary>
    private static readonly int[] Text = [.. Enumerable.Range(0, 400).Select(i => i * 7 % 24)];

    private readonly TemporaryFolder _folder = new();
    private readonly ThreadTeam _team = new(2);

    public void Dispose()
    {
        _folder.Dispose();
        _team.Dispose();
    }

    [Fact]
    public void Step_TextThatCanBeLearned_LossFalls()
    {
        using ModelParameters weights = ModelParameters.Random(Config, 1);
        using var trainer = new Trainer(weights, Text, Options with { Steps = 150 }, _team);
        int[][] heldOut = [Text[..30]];
        Assert.Equal(Math.Log(24), trainer.Evaluate(heldOut), 0.2);
        TrainingStep step = trainer.Step();
        Assert.Equal((1, 1e-2 / 5), (step.Number, step.LearningRate));
        while (trainer.Optimizer.Step < trainer.Options.Steps)
        {
            step = trainer.Step();
        }

        Assert.InRange(step.LossNats, 0, 0.5);
        Assert.InRange(trainer.Evaluate(heldOut), 0, 0.5);
    }

    [Fact]
    public void Step_AnyNumberOfThreads_SameBits()
    {
        float[]? expected = null;
        foreach (int threads in new[] { 1, 4 })
        {
            using var team = new ThreadTeam(threads);
            using ModelParameters weights = ModelParameters.Random(Config, 1);
            using var trainer = new Trainer(weights, Text, Options, team);
            float loss = 0;
            for (int i = 0; i < 5; i++)
            {
                loss = (float)trainer.Step().LossNats;
            }

            float[] all = [loss, .. Numbers(weights)];
            MatMulReference.AssertSameBits(expected ??= all, all, $"{threads} threads");
        }
    }

    [Fact]
    public void Step_AccumulatedBatches_AreTheGradientOfOneLargeBatch()
    {
        using ModelParameters once = ModelParameters.Random(Config, 1);
        using ModelParameters accumulated = ModelParameters.Random(Config, 1);
        using var large = new Trainer(once, Text, Options with { Batch = 6 }, _team);
        using var small = new Trainer(accumulated, Text, Options with { Batch = 2, Accumulation = 3 }, _team);
        TrainingStep first = large.Step(), second = small.Step();
        Assert.Equal(first.LossNats, second.LossNats, 1e-5);
        Assert.Equal(first.GradientNorm, second.GradientNorm, 1e-5);
    }

    [Fact]
    public void Load_SavedState_GoesOnToTheSameBits()
    {
        using ModelParameters straight = ModelParameters.Random(Config, 1);
        using (var trainer = new Trainer(straight, Text, Options, _team))
        {
            for (int i = 0; i < 9; i++)
            {
                trainer.Step();
            }
        }

        using (ModelParameters first = ModelParameters.Random(Config, 1))
        using (var trainer = new Trainer(first, Text, Options, _team))
        {
            for (int i = 0; i < 4; i++)
            {
                trainer.Step();
            }

            TrainingState.Save(_folder["state"], trainer);
        }

        using ModelParameters resumed = ModelParameters.Random(Config, 77); // replaced by the state
        using var second = new Trainer(resumed, Text, Options, _team);
        TrainingState.Load(_folder["state"], second);
        Assert.Equal(4, second.Optimizer.Step);
        while (second.Optimizer.Step < 9)
        {
            second.Step();
        }

        MatMulReference.AssertSameBits(Numbers(straight), Numbers(resumed), "weights");
        Assert.Equal(["state"], _folder.Names);
    }

    [Fact]
    public void Load_StateOfAnotherTraining_ThrowsAndLeavesThisOne()
    {
        using (ModelParameters weights = ModelParameters.Random(Config, 1))
        using (var trainer = new Trainer(weights, Text, Options, _team))
        {
            trainer.Step();
            TrainingState.Save(_folder["state"], trainer);
        }

        AssertRefused("options of the training are weight decay 0.1, seed 2, expected weight decay 0.2, seed 3", Config, Text, Options with { Seed = 3, WeightDecay = 0.2, LearningRate = 1 });
        AssertRefused("text of the training has the hash", Config, [.. Text, 1], Options);
        AssertRefused("another model", RandomCheckpoint.Config(Spec with { HiddenSize = 12 }), Text, Options);
        AssertRefused("another model", RandomCheckpoint.Config(Spec with { TiedEmbeddings = false }), Text, Options);

        byte[] bytes = File.ReadAllBytes(_folder["state"]);
        File.WriteAllBytes(_folder["state"], bytes[..(bytes.Length / 2)]);
        AssertRefused("byte ", Config, Text, Options);
    }

    [Fact]
    public void Load_StateOfAnotherRate_GoesOnWithTheNewOne()
    {
        using ModelParameters weights = ModelParameters.Random(Config, 1);
        using (var trainer = new Trainer(weights, Text, Options, _team))
        {
            trainer.Step();
            TrainingState.Save(_folder["state"], trainer);
        }

        using var other = new Trainer(weights, Text, Options with { LearningRate = 2e-2, WarmUpSteps = 4, ClipNorm = 2 }, _team);
        Assert.Equal(["rate 0.01", "warm-up 5", "clip 1"], TrainingState.Load(_folder["state"], other));
        Assert.Equal((2, 2e-2 / 2), (other.Optimizer.Step + 1, other.Step().LearningRate));
    }

    [Fact]
    public void Run_WeightsThatBreakBehindAStep_KeepsTheStateBeforeIt()
    {
        using ModelParameters weights = ModelParameters.Random(Config, 1);
        using var trainer = new Trainer(weights, Text, Options, _team);
        double Break()
        {
            weights[weights.Layout.Find(TensorNames.FinalNorm)!.Value][0].Fill(float.NaN);
            return 1;
        }

        var loop = new TrainingLoop(trainer, Break, _folder["state"], _folder["log"]) { SaveEvery = 1, EvaluateEvery = 3 };
        TrainingInterruptedException exception = Assert.Throws<TrainingInterruptedException>(() => loop.Run(TestContext.Current.CancellationToken));
        Assert.Contains("Step 4: loss is", exception.Message, StringComparison.Ordinal);
        Assert.Contains("The state behind step 2 is kept in", exception.Message, StringComparison.Ordinal);

        using var resumed = new Trainer(weights, Text, Options, _team);
        Assert.Empty(TrainingState.Load(_folder["state"], resumed));
        Assert.Equal((2, 3), (resumed.Optimizer.Step, resumed.Step().Number));
    }

    // Cancelled behind step 3; a state is kept of step 2, and of step 3 only if its weights still give a loss.
    [Theory]
    [InlineData(false, 3)]
    [InlineData(true, 2)]
    public void Run_Cancelled_KeepsTheLastStateThatGivesALoss(bool breaks, long kept)
    {
        using ModelParameters weights = ModelParameters.Random(Config, 1);
        using var trainer = new Trainer(weights, Text, Options, _team);
        using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        double Cancel()
        {
            cancellation.Cancel();
            weights[weights.Layout.Find(TensorNames.FinalNorm)!.Value][0][0] *= breaks ? float.NaN : 1;
            return 1;
        }

        var loop = new TrainingLoop(trainer, Cancel, _folder["state"], _folder["log"]) { SaveEvery = 2, EvaluateEvery = 3 };
        Exception? exception = Record.Exception(() => loop.Run(cancellation.Token));

        Assert.Equal(breaks ? typeof(TrainingInterruptedException) : typeof(OperationCanceledException), exception?.GetType());
        using var resumed = new Trainer(weights, Text, Options, _team);
        Assert.Empty(TrainingState.Load(_folder["state"], resumed));
        Assert.Equal((kept, kept + 1), (resumed.Optimizer.Step, resumed.Step().Number));
    }

    [Fact]
    public void Run_CancelledBeforeAnyStep_WritesNoState()
    {
        using ModelParameters weights = ModelParameters.Random(Config, 1);
        using var trainer = new Trainer(weights, Text, Options, _team);
        var loop = new TrainingLoop(trainer, () => 1, _folder["state"], _folder["log"]);
        Assert.Throws<OperationCanceledException>(() => loop.Run(new CancellationToken(canceled: true)));
        Assert.Empty(_folder.Names);
    }

    [Fact]
    public void Run_HeldOutLossThatIsNoNumber_NamesTheStep()
    {
        using ModelParameters weights = ModelParameters.Random(Config, 1);
        using var trainer = new Trainer(weights, Text, Options, _team);
        var loop = new TrainingLoop(trainer, () => double.NaN, _folder["state"], _folder["log"]) { EvaluateEvery = 2 };
        TrainingInterruptedException exception = Assert.Throws<TrainingInterruptedException>(() => loop.Run(TestContext.Current.CancellationToken));
        Assert.Contains("Behind step 2: held-out loss is NaN", exception.Message, StringComparison.Ordinal);
        Assert.Contains("No state was saved before", exception.Message, StringComparison.Ordinal);
        Assert.Empty(_folder.Names);
    }

    [Fact]
    public void Step_HiddenDifference_IsTheMeanOverAllTokensWhateverIsScored()
    {
        using var dense = new OpenModel(Spec, seed: 5);
        using Transformer engine = dense.Load();
        double[] differences = [.. new[] { 1, 9 }.Select(firstScored =>
        {
            using ModelParameters weights = ModelParameters.Random(Config, 1);
            using var teacher = new DenseTeacher(engine, 0, 1, [.. Enumerable.Range(0, Config.Blocks.Count)]);
            var examples = new InstructionExamples([.. Enumerable.Range(0, 4).Select(i => new TrainingExample(Text[i..(i + 12)], firstScored))], seed: 1);
            using var trainer = new Trainer(new TrainableModel(weights), examples, Options, _team, teacher);
            return trainer.Step().HiddenDifference!.Value;
        })];
        Assert.True(differences[0] > 0);
        Assert.Equal(differences[0], differences[1], differences[0] * 1e-6);
    }

    [Fact]
    public void Step_WeightsThatOverflow_ThrowsBeforeAnythingChanges()
    {
        using ModelParameters weights = ModelParameters.Random(Config, 1);
        weights[weights.Layout.Find(TensorNames.FinalNorm)!.Value][0].Fill(float.NaN);
        using var trainer = new Trainer(weights, Text, Options, _team);
        float[] before = Numbers(weights);
        TrainingDivergedException exception = Assert.Throws<TrainingDivergedException>(() => trainer.Step());
        Assert.Contains("Step 1: loss is NaN", exception.Message, StringComparison.Ordinal);
        Assert.Equal((1, 0), (exception.Step, trainer.Optimizer.Step));
        MatMulReference.AssertSameBits(before, Numbers(weights), "weights");
    }

    [Fact]
    public void Trainer_TextShorterThanAStep_SaysHowMuchIsMissing()
    {
        using ModelParameters weights = ModelParameters.Random(Config, 1);
        DatasetException exception = Assert.Throws<DatasetException>(() => new Trainer(weights, Text[..47], Options, _team, "short.txt"));
        Assert.Contains("short.txt: has 47 tokens, expected at least 48", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Faults_OptionsOutOfRange_NamesEach()
    {
        var wrong = new TrainingOptions { Steps = 0, Window = 1, Batch = 0, LearningRate = double.NaN, Beta2 = 1, ClipNorm = 0, WeightDecay = -1 };
        Assert.Equal(7, wrong.Faults().Count);
        Assert.Empty(Options.Faults());
        using ModelParameters weights = ModelParameters.Random(Config, 1);
        Assert.Throws<ArgumentException>(() => new Trainer(weights, Text, wrong, _team));
    }

    [Theory]
    [InlineData(ElementType.F32)]
    [InlineData(ElementType.BF16)]
    public void Write_Model_LoadsWithTheSameLosses(ElementType type)
    {
        using ModelParameters weights = ModelParameters.Random(Config, 1);
        ParameterTensor norm = weights.Layout.Find(TensorNames.FinalNorm)!.Value;

        // Half-way between two BF16 numbers: 1 + 2^-8 goes to the even 1, 1 + 3·2^-8 to the even 1 + 2^-6; 1 + 2^-8 + 2^-20 lies above and goes up.
        weights[norm][0][0] = 1 + (1f / 256);
        weights[norm][0][1] = 1 + (3f / 256);
        weights[norm][0][2] = 1 + (1f / 256) + (1f / (1 << 20));
        Directory.CreateDirectory(_folder["tokenizer"]);
        File.WriteAllText(Path.Combine(_folder["tokenizer"], "tokenizer.json"), "{}");
        TrainedModel.Write(_folder["model"], weights, RandomCheckpoint.Document(Spec), _folder["tokenizer"], type);

        using var checkpoint = Checkpoint.Open(_folder["model"]);
        ModelConfig config = ModelConfigReader.Read(checkpoint);
        Assert.Equal(type == ElementType.F32 ? "float32" : "bfloat16", checkpoint.Config.GetString("torch_dtype"));
        Assert.True(File.Exists(Path.Combine(_folder["model"], "tokenizer.json")));
        using ModelParameters stored = ModelParameters.Load(checkpoint, config);
        if (type == ElementType.F32)
        {
            MatMulReference.AssertSameBits(Numbers(weights), Numbers(stored), "weights");
        }
        else
        {
            Close.Assert(Numbers(weights), Numbers(stored), 0, 1.0 / 256);
            Assert.Equal([1, 1 + (1f / 64), 1 + (1f / 128)], stored[norm][0][..3].ToArray());
        }

        using var engine = Transformer.Load(checkpoint, config, _team);
        using var passes = new ModelGradient(config, _team);
        Close.Assert(ForwardPass.Losses(engine, [Text[..20]], cancellationToken: TestContext.Current.CancellationToken)[0], passes.Losses(stored, [Text[..20]])[0], 1e-5, 1e-5);
    }

    private void AssertRefused(string message, ModelConfig config, int[] text, TrainingOptions options)
    {
        using ModelParameters weights = ModelParameters.Random(config, 1);
        using var trainer = new Trainer(weights, text, options, _team);
        float[] before = Numbers(weights);
        Assert.Contains(message, Assert.Throws<ModelFormatException>(() => TrainingState.Load(_folder["state"], trainer)).Message, StringComparison.Ordinal);
        Assert.Equal(0, trainer.Optimizer.Step);
        MatMulReference.AssertSameBits(before, Numbers(weights), "weights");
    }
}
