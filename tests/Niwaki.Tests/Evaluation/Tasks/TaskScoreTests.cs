using System.Text.Json.Nodes;
using Niwaki.Datasets.Benchmarks;
using Niwaki.Evaluation.Tasks;

namespace Niwaki.Tests.Evaluation.Tasks;

public sealed class TaskScoreTests
{
    /// <summary>−3 for 4 letters, −4 for 8, −5 for 5 letters of 10 bytes: by the sum the first wins, by letters the second, by bytes 0.75, 0.5, 0.5: the second, first of equals.</summary>
    [Fact]
    public void Of_Choices_SumLettersAndBytes()
    {
        TaskItem item = Choices(1, "four", "eight888", "äöüßé");
        var values = TaskScores.Of(Task("arc_easy"), item, [new(-3, true), new(-4, false), new(-5, false)]);
        Assert.Equal((0, 1, 1), (values[("acc", "none")], values[("acc_norm", "none")], values[("acc_bytes", "none")]));
        values = TaskScores.Of(Task("arc_easy"), Choices(2, "four", "eight888", "äöüßé"), [new(-3, true), new(-4.9, false), new(-2.9, false)]);
        Assert.Equal((1, 1, 1), (values[("acc", "none")], values[("acc_norm", "none")], values[("acc_bytes", "none")]));
        values = TaskScores.Of(Task("arc_easy"), Choices(0, "four", "eight888", "äöüßé"), [new(-3, true), new(-6, false), new(-4, false)]);
        Assert.Equal((1, 1, 0), (values[("acc", "none")], values[("acc_norm", "none")], values[("acc_bytes", "none")])); // 0.75 0.75 0.8; 0.75 0.75 0.4
    }

    [Fact]
    public void Of_EqualChoices_FirstCounts() =>
        Assert.Equal(1, TaskScores.Of(Task("boolq"), Choices(0, "no", "yes"), [new(-2, false), new(-2, false)])[("acc", "none")]);

    /// <summary>e^−1 + e^−3 of e^−1 + e^−2 + e^−3; far from 1 the exponentials would vanish without the largest in front.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(-2000)]
    public void Of_TruthfulQa_ShareOfTheTrueOnes(double far)
    {
        TaskItem item = Choices(0, "a", "b", "c") with { Truth = [true, false, true] };
        double expected = (Math.Exp(-1) + Math.Exp(-3)) / (Math.Exp(-1) + Math.Exp(-2) + Math.Exp(-3));
        Assert.Equal(expected, TaskScores.Of(Task("truthfulqa_mc2"), item, [new(far - 1, false), new(far - 2, false), new(far - 3, false)])[("acc", "none")], 12);
    }

    [Fact]
    public void Of_Lambada_GreedyAndLikelihood()
    {
        var values = TaskScores.Of(Task("lambada_openai"), Choices(0, "a"), [new(-1.5, true)]);
        Assert.Equal((1, -1.5), (values[("acc", "none")], values[("perplexity", "none")]));
    }

    [Theory]
    [InlineData("It is 5.\n#### 1,234. And 7", "1,234.", "7")]
    [InlineData("#### -3 #### 4", "-3", "4")]
    [InlineData("costs $18.00", "[invalid]", "$18.00")]
    [InlineData("a 5", "[invalid]", "5")]
    [InlineData("no number", "[invalid]", "[invalid]")]
    [InlineData("ends 12. ", "[invalid]", "12.")]
    public void Apply_Text_NumberBehindTheMarkOrTheLast(string text, string strict, string flexible) =>
        Assert.Equal((strict, flexible), (AnswerFilter.Apply(AnswerFilter.Strict, text), AnswerFilter.Apply(AnswerFilter.Flexible, text)));

    [Theory]
    [InlineData("1,234.", "so\n#### 1234", true)]
    [InlineData("$18", "a #### b #### 18", true)]
    [InlineData("18.0", "#### 18", false)]
    [InlineData("[invalid]", "#### 18", false)]
    public void AreEqual_WithoutCommasDollarsAndDerivation(string found, string expected, bool equal) => Assert.Equal(equal, AnswerFilter.AreEqual(found, expected));

    /// <summary>Two of four: standard deviation √(1/3), over √4.</summary>
    [Fact]
    public void MeanOf_Values_MeanAndError()
    {
        TaskMetric metric = TaskMetric.MeanOf("acc", "none", [1, 0, 0, 1]);
        Assert.Equal((0.5, Math.Sqrt(1.0 / 3) / 2), (metric.Value, metric.Error));
        Assert.Null(TaskMetric.MeanOf("acc", "none", [1]).Error);
    }

    /// <summary>Pooling says the same as all documents together where the tasks have the same mean, up to the freedoms that each mean costs.</summary>
    [Fact]
    public void Of_MmluSubjects_GroupsWeightedBySize()
    {
        TaskResult[] results = [.. HarnessTasks.Find("mmlu").Select(task => Result(task.Name, ValuesOf(task.Name)))];
        IReadOnlyList<TaskGroupResult> groups = TaskGroupResult.Of(results);
        Assert.Equal(MmluSubjects.Groups, groups.Select(group => group.Name));
        Assert.Equal((57, 19), (groups[0].Tasks.Count, groups[1].Tasks.Count));

        // 54 subjects of one question, all right, and 5 right of 10; those of mmlu_stem are 17, and 4 right of 6.
        Assert.Equal(59.0 / 64, groups[0].Accuracy.Value, 12);
        Assert.Equal(21.0 / 23, groups[1].Accuracy.Value, 12);

        // Squared deviations 1, 0 and 3/4 over 64 − 57 freedoms, over 64 documents.
        Assert.Equal(Math.Sqrt(1.75 / 7 / 64), groups[0].Accuracy.Error!.Value, 12);
        static double[] ValuesOf(string name) => name switch
        {
            "mmlu_anatomy" => [1, 0, 0, 1],
            "mmlu_astronomy" => [1, 1],
            "mmlu_virology" => [0, 0, 0, 1],
            _ => [1],
        };
    }

    /// <summary>Without virology there is neither its group nor the whole.</summary>
    [Fact]
    public void Of_SubjectMissing_NoGroupOfIt()
    {
        IEnumerable<TaskDefinition> most = HarnessTasks.Find("mmlu").Where(task => task.Subject != "virology");
        Assert.Equal(["mmlu_stem", "mmlu_social_sciences", "mmlu_humanities"], TaskGroupResult.Of([.. most.Select(task => Result(task.Name, [1]))]).Select(group => group.Name));
        Assert.Empty(TaskGroupResult.Of([Result("boolq", [1])]));
    }

    [Fact]
    public void Of_SevenTasks_MixedAndPlainMean()
    {
        string[] names = ["boolq", "piqa", "hellaswag", "winogrande", "arc_easy", "arc_challenge", "openbookqa"];
        TaskResult[] results = [.. names.Select((name, i) => new TaskResult(Task(name), 0, 10, [], [new("acc", "none", i / 10.0, 0.1), new("acc_norm", "none", 1, 0.2)]))];
        SevenTaskMean mean = SevenTaskMean.Of(results)!;
        Assert.Equal((0.0 + 0.1 + 1 + 0.3 + 0.4 + 1 + 1) / 7, mean.Mixed.Value, 12);
        Assert.Equal(2.1 / 7, mean.Accuracy.Value, 12);
        Assert.Equal(Math.Sqrt((4 * 0.01) + (3 * 0.04)) / 7, mean.Mixed.Error!.Value, 12);
        Assert.Equal("acc: boolq, piqa, winogrande, arc_easy; acc_norm: hellaswag, arc_challenge, openbookqa", SevenTaskMean.Mix);
        Assert.Null(SevenTaskMean.Of(results[1..]));
    }

    private static TaskDefinition Task(string name) => HarnessTasks.Find(name).Single();

    private static TaskItem Choices(int gold, params string[] choices) =>
        new(new TableRow(new JsonObject(), "row"), [], new TaskExample("", choices[gold])) { Choices = choices, Gold = gold };

    private static TaskResult Result(string name, double[] values)
    {
        TaskSample[] samples = [.. values.Select(value => new TaskSample(Choices(0, "a"), []) { Values = new Dictionary<(string, string), double> { [("acc", "none")] = value } })];
        return new TaskResult(Task(name), 0, values.Length, samples, [TaskMetric.MeanOf("acc", "none", values)]);
    }
}
