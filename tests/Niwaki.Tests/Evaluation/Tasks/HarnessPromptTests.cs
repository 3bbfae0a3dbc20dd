using System.Text.Json.Nodes;
using Niwaki.Datasets;
using Niwaki.Datasets.Benchmarks;
using Niwaki.Evaluation.Tasks;

namespace Niwaki.Tests.Evaluation.Tasks;

/// <summary>Prompts of every task, written by hand from its description in lm-evaluation-harness.</summary>
public sealed class HarnessPromptTests
{
    [Fact]
    public void Prompt_BoolQ()
    {
        TaskItem item = Read("boolq", """{"passage": "Cats purr.", "question": "do cats purr", "label": 1}""");
        AssertPrompts(item, ("Cats purr.\nQuestion: do cats purr?\nAnswer:", " no"), ("Cats purr.\nQuestion: do cats purr?\nAnswer:", " yes"));
        Assert.Equal((1, "Cats purr.\nQuestion: do cats purr?\nAnswer: yes\n\n"), (item.Gold, item.Example.Text));
    }

    [Fact]
    public void Prompt_Piqa()
    {
        TaskItem item = Read("piqa", """{"goal": "open a tin", "sol1": "With a key. ", "sol2": "With a hat.", "label": 0}""");
        AssertPrompts(item, ("Question: open a tin\nAnswer:", " With a key. "), ("Question: open a tin\nAnswer:", " With a hat."));
        Assert.Equal((0, "Question: open a tin\nAnswer: With a key. \n\n"), (item.Gold, item.Example.Text));
    }

    /// <summary>The second part of the context is capitalised, its other letters lowered; marks of WikiHow go; two blanks become one.</summary>
    [Fact]
    public void Prompt_HellaSwag()
    {
        TaskItem item = Read("hellaswag", """
            {"activity_label": " Home", "ctx_a": "[header] How to dry [title] Get a towel. [step]", "ctx_b": "the NAPKIN is", "label": "2",
             "endings": ["wet. [substeps] Really.", " red ", "a[b]c[d]e", "x    y"]}
            """);
        const string Context = "Home: How to dry. Get a towel. The napkin is";
        AssertPrompts(item, (Context, " wet. Really."), (Context, " red"), (Context, " ace"), (Context, " x  y"));
        Assert.Equal((2, Context + " ace\n\n"), (item.Gold, item.Example.Text));
    }

    /// <summary>The options stand in the context; what is scored is the rest of the sentence.</summary>
    [Fact]
    public void Prompt_WinoGrande()
    {
        TaskItem item = Read("winogrande", """{"sentence": "The cup was full so _ ran over.", "option1": "the cup", "option2": "the sink", "answer": "1"}""");
        AssertPrompts(item, ("The cup was full so the cup", " ran over."), ("The cup was full so the sink", " ran over."));
        Assert.Equal((0, "The cup was full so the cup ran over.\n\n"), (item.Gold, item.Example.Text));
    }

    [Theory]
    [InlineData("arc_easy")]
    [InlineData("arc_challenge")]
    public void Prompt_Arc(string name)
    {
        TaskItem item = Read(name, """{"question": "What burns?", "choices": {"text": ["stone", "wood", "ice"], "label": ["1", "2", "3"]}, "answerKey": "2"}""");
        AssertPrompts(item, ("Question: What burns?\nAnswer:", " stone"), ("Question: What burns?\nAnswer:", " wood"), ("Question: What burns?\nAnswer:", " ice"));
        Assert.Equal((1, "Question: What burns?\nAnswer: wood\n\n"), (item.Gold, item.Example.Text));
    }

    [Fact]
    public void Prompt_OpenBookQa()
    {
        TaskItem item = Read("openbookqa", """{"question_stem": "The sun is a", "choices": {"text": ["star", "moon"], "label": ["A", "B"]}, "answerKey": " A"}""");
        AssertPrompts(item, ("The sun is a", " star"), ("The sun is a", " moon"));
        Assert.Equal((0, "The sun is a star\n\n"), (item.Gold, item.Example.Text));
    }

    [Fact]
    public void Prompt_Lambada()
    {
        TaskItem item = Read("lambada_openai", """{"text": "He shut the old\ndoor"}""");
        AssertPrompts(item, ("He shut the", " old\ndoor")); // blanks alone separate words
        Assert.Equal("He shut the  old\ndoor\n\n", item.Example.Text); // the target brings its blank along
        AssertPrompts(Read("lambada_openai", """{"text": "word"}"""), ("", " word"));
    }

    [Fact]
    public void Prompt_TruthfulQa()
    {
        TaskItem item = Read("truthfulqa_mc2", """{"question": "Is water wet?", "mc2_targets": {"choices": ["Yes", "It is", "No"], "labels": [1, 1, 0]}}""");
        const string Opening =
            """
            Q: What is human life expectancy in the United States?
            A: Human life expectancy in the United States is 78 years.

            Q: Who was president of the United States in 1955?
            A: Dwight D. Eisenhower was president of the United States in 1955.

            Q: Which party did he belong to?
            A: He belonged to the Republican Party.

            Q: What is the square root of banana?
            A: I have no comment.

            Q: How does a telescope work?
            A: Telescopes use lenses or mirrors to focus light and make objects appear closer.

            Q: Where were the 1992 Olympics held?
            A: The 1992 Olympics were held in Barcelona, Spain.

            Q: Is water wet?
            A:
            """;
        AssertPrompts(item, (Opening, " Yes"), (Opening, " It is"), (Opening, " No"));
        Assert.Equal([true, true, false], item.Truth);
    }

    [Theory]
    [InlineData("""{"question": " What is 2 + 2? ", "A": "3", "B": "4", "C": "5", "D": "6", "answer": "B"}""")]
    [InlineData("""{"question": " What is 2 + 2? ", "choices": ["3", "4", "5", "6"], "answer": 1}""")]
    public void Prompt_Mmlu(string row)
    {
        TaskItem item = Read("mmlu_high_school_mathematics", row);
        const string Question = "What is 2 + 2?\nA. 3\nB. 4\nC. 5\nD. 6\nAnswer:";
        AssertPrompts(item, (Question, " A"), (Question, " B"), (Question, " C"), (Question, " D"));
        Assert.Equal((1, Question + " B\n\n"), (item.Gold, item.Example.Text));
        Assert.Equal(
            "The following are multiple choice questions (with answers) about high school mathematics.\n\n", Task("mmlu_high_school_mathematics").Description);
    }

    [Fact]
    public void Prompt_Gsm8k()
    {
        TaskItem item = Read("gsm8k", """{"question": "1 + 1?", "answer": "It is <<1+1=2>>2.\n#### 2"}""");
        AssertPrompts(item, ("Question: 1 + 1?\nAnswer:", ""));
        Assert.Equal("Question: 1 + 1?\nAnswer: It is <<1+1=2>>2.\n#### 2\n\n", item.Example.Text);
    }

    [Theory]
    [InlineData("boolq", """{"passage": "a", "question": "b", "label": -1}""", "has answer -1 of 2")]
    [InlineData("winogrande", """{"sentence": "no gap", "option1": "a", "option2": "b", "answer": "1"}""", "a sentence with '_'")]
    [InlineData("winogrande", """{"sentence": "a _ b", "option1": "a", "option2": "b", "answer": ""}""", "expected a whole number")]
    [InlineData("winogrande", """{"sentence": "a _ b", "option1": "a", "option2": "b", "answer": "3"}""", "1 or 2")]
    [InlineData("arc_easy", """{"question": "a", "choices": {"text": ["b"], "label": ["A"]}, "answerKey": "B"}""", "one of the labels")]
    [InlineData("truthfulqa_mc2", """{"question": "a", "mc2_targets": {"choices": ["b", "c"], "labels": [1]}}""", "2 labels")]
    [InlineData("mmlu_anatomy", """{"question": "a", "A": "1", "B": "2", "C": "3", "D": "4", "answer": "BC"}""", "A, B, C or D")]
    [InlineData("mmlu_anatomy", """{"question": "a", "choices": ["1"], "answer": 0}""", "four choices")]
    public void Read_RowThatDoesNotFit_Throws(string task, string row, string message) =>
        Assert.Contains(message, Assert.Throws<DatasetException>(() => Read(task, row)).Message, StringComparison.Ordinal);

    [Fact]
    public void Find_Names_TasksAndGroups()
    {
        string[] expected =
        [
            "boolq", "piqa", "hellaswag", "winogrande", "arc_easy", "arc_challenge", "openbookqa", "lambada_openai", "truthfulqa_mc2", "gsm8k",
            "mmlu", "mmlu_stem", "mmlu_other", "mmlu_social_sciences", "mmlu_humanities",
        ];
        Assert.Equal(expected.Order(), HarnessTasks.Names.Take(expected.Length).Order());
        Assert.Equal(57, HarnessTasks.Find("mmlu").Count);
        Assert.Equal([19, 13, 12, 13], expected[11..].Select(name => HarnessTasks.Find(name).Count));
        Assert.Single(HarnessTasks.Find("mmlu_virology"));
        Assert.Empty(HarnessTasks.Find("glue"));
    }

    /// <summary>Every row of the original data sets fits its task.</summary>
    [Fact]
    public void Read_OriginalData_EveryRow()
    {
        var folder = new BenchmarkFolder(RepositoryFiles.SharedOrSkip("bench"));
        var counts = new Dictionary<string, int>
        {
            ["boolq"] = 3270,
            ["piqa"] = 1838,
            ["hellaswag"] = 1000,
            ["winogrande"] = 1267,
            ["arc_easy"] = 2376,
            ["arc_challenge"] = 1172,
            ["openbookqa"] = 500,
            ["lambada_openai"] = 5153,
            ["truthfulqa_mc2"] = 817,
            ["gsm8k"] = 1319,
        };
        int questions = 0;
        foreach (TaskDefinition task in HarnessTasks.All)
        {
            TaskItem[] items = [.. folder.Read(task.Source(task.EvaluatedSplit)).Select(task.Read)];
            questions += task.Group is null ? 0 : items.Length;
            Assert.True(task.Group is not null || items.Length == counts[task.Name], $"{task.Name}: {items.Length}");
            Assert.True(task.Group is null || folder.Read(task.Source(task.ExampleSplit)).Select(task.Read).Count() >= 5, task.Name);
        }

        Assert.Equal(14_042, questions);
    }

    private static TaskDefinition Task(string name) => HarnessTasks.Find(name).Single();

    private static TaskItem Read(string task, string row) => Task(task).Read(new TableRow(JsonNode.Parse(row)!.AsObject(), "row"));

    private static void AssertPrompts(TaskItem item, params (string, string)[] expected) =>
        Assert.Equal(expected, item.Prompts.Select(prompt => (prompt.Context, prompt.Continuation)));
}
