using System.Text.Json.Nodes;
using Niwaki.Datasets;
using Niwaki.Datasets.Benchmarks;
using Niwaki.Evaluation.Tasks;

namespace Niwaki.Tests.Evaluation.Tasks;

public sealed class FewShotSamplerTests
{
    private static readonly TaskDefinition Piqa = HarnessTasks.Find("piqa").Single();
    private static readonly TaskDefinition Arc = HarnessTasks.Find("arc_easy").Single();
    private static readonly TaskDefinition Mmlu = HarnessTasks.Find("mmlu_anatomy").Single();

    /// <summary>
    /// CPython 3.11: <c>r = random.Random(1234)</c>, then <c>r.sample(range(30), 3)</c> three times. Neither split of the examples nor of the test is named, so the
    /// harness draws three for two examples.
    /// </summary>
    [Fact]
    public void Next_TaskWithoutTestPart_DrawsOneMore()
    {
        var sampler = new FewShotSampler(Piqa, Pool(30), 2);
        Assert.Equal([Shots(24, 14), Shots(0, 2), Shots(25, 18)], [Text(sampler), Text(sampler), Text(sampler)]);
    }

    /// <summary>The same with <c>r.sample(range(30), 2)</c>.</summary>
    [Fact]
    public void Next_TaskWithTestPart_DrawsAsMany()
    {
        var sampler = new FewShotSampler(Arc with { Read = Piqa.Read }, Pool(30), 2);
        Assert.Equal([Shots(24, 14), Shots(3, 0), Shots(2, 29)], [Text(sampler), Text(sampler), Text(sampler)]);
    }

    /// <summary>The document itself is left out; the third one drawn takes its place.</summary>
    [Fact]
    public void Next_DocumentAmongThoseDrawn_LeftOut() => Assert.Equal(Shots(14, 3), Text(new FewShotSampler(Piqa, Pool(30), 2), 24));

    [Fact]
    public void Next_FirstExamples_AlwaysTheSame()
    {
        var sampler = new FewShotSampler(Mmlu, Pool(6), 5);
        string expected = Shots(0, 1, 2, 3, 4);
        Assert.Equal([expected, expected], [Text(sampler, 1), Text(sampler, 2)]);
    }

    [Fact]
    public void Next_NoShots_None() => Assert.Empty(new FewShotSampler(Piqa, [], 0).Next(Item(1)));

    [Fact]
    public void Create_TooFewDocuments_Throws()
    {
        DatasetException error = Assert.Throws<DatasetException>(() => new FewShotSampler(Piqa, Pool(5), 5));
        Assert.Contains("'train' of task 'piqa': has 5 documents, expected at least 6", error.Message, StringComparison.Ordinal);
    }

    /// <summary>Five problems drawn from the 7,473 of the training part for the first two documents: places from CPython's <c>sample</c>.</summary>
    [Fact]
    public void Next_Gsm8k_PromptToTheLetter()
    {
        TaskDefinition task = HarnessTasks.Find("gsm8k").Single();
        var folder = new BenchmarkFolder(RepositoryFiles.SharedOrSkip("bench"));
        string[] lines = File.ReadAllLines(RepositoryFiles.SharedOrSkip("bench", "gsm8k-train.jsonl"));
        var sampler = new FewShotSampler(task, [.. folder.Read(task.Source("train")).Select(task.Read)], 5);
        foreach (int[] places in (int[][])[[6374, 3610, 957, 61, 742], [7462, 6610, 4769, 286, 5501]])
        {
            string expected = string.Concat(places.Select(place => JsonNode.Parse(lines[place])!).Select(row => $"Question: {row["question"]}\nAnswer: {row["answer"]}\n\n"));
            Assert.Equal(expected, Text(sampler));
        }
    }

    private static string Text(FewShotSampler sampler, int document = 99) => string.Concat(sampler.Next(Item(document)).Select(example => example.Text));

    private static TaskItem[] Pool(int count) => [.. Enumerable.Range(0, count).Select(Item)];

    private static TaskItem Item(int number) =>
        Piqa.Read(new TableRow(new JsonObject { ["goal"] = $"g{number}", ["sol1"] = "a", ["sol2"] = "b", ["label"] = 1 }, "row"));

    private static string Shots(params int[] numbers) => string.Concat(numbers.Select(number => $"Question: g{number}\nAnswer: b\n\n"));
}
