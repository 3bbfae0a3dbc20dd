using System.Text.Json;
using Niwaki.Cli;
using Niwaki.Evaluation.Tasks;
using Niwaki.Models;
using Niwaki.Tests.Formats;
using Niwaki.Tests.Formats.Hub;
using Niwaki.Tests.Formats.Parquet;

namespace Niwaki.Tests.Cli.Commands;

public sealed class EvalTasksTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Eval_Tasks_ResultsInTheHarnessLayout()
    {
        WriteArc();
        CommandResult table = Eval("arc_easy", "--limit", "3");
        JsonElement json = Eval("arc_easy", "--limit", "3", "--json").Json;

        Assert.Equal((0, ""), (table.ExitCode, table.Error));
        Assert.Contains("3 of 4", table.Output, StringComparison.Ordinal);
        Assert.Contains("acc_norm", table.Output, StringComparison.Ordinal);
        JsonElement result = json.GetProperty("results").GetProperty("arc_easy");
        Assert.InRange(result.GetProperty("acc,none").GetDouble(), 0, 1);
        Assert.InRange(result.GetProperty("acc_stderr,none").GetDouble(), 0, 1);
        Assert.Equal(("arc_easy", 3), (result.GetProperty("alias").GetString(), result.GetProperty("sample_len").GetInt32()));
        Assert.Equal(1, json.GetProperty("versions").GetProperty("arc_easy").GetDouble());
        Assert.Equal(0, json.GetProperty("n-shot").GetProperty("arc_easy").GetInt32());
        Assert.True(json.GetProperty("higher_is_better").GetProperty("arc_easy").GetProperty("acc_bytes").GetBoolean());
        Assert.Equal((4, 3), (json.GetProperty("n-samples").GetProperty("arc_easy").GetProperty("original").GetInt32(), json.GetProperty("n-samples").GetProperty("arc_easy").GetProperty("effective").GetInt32()));
        Assert.Equal(3, json.GetProperty("config").GetProperty("limit").GetInt32());
        Assert.Equal(4_033_728, json.GetProperty("config").GetProperty("model_num_parameters").GetInt64());
        Assert.Equal("multiple_choice", json.GetProperty("configs").GetProperty("arc_easy").GetProperty("output_type").GetString());
        Assert.False(json.TryGetProperty("groups", out _));
    }

    [Fact]
    public void Eval_TasksOut_WritesResultsAndSamples()
    {
        WriteArc();
        Assert.Equal(0, Eval("arc_easy", "--num-fewshot", "1", "--out", _folder["out"]).ExitCode);

        string folder = Directory.GetDirectories(_folder["out"]).Single();
        Assert.DoesNotContain('/', Path.GetFileName(folder));
        string results = Directory.GetFiles(folder, "results_*.json").Single();
        string samples = Directory.GetFiles(folder, "samples_arc_easy_*.jsonl").Single();
        Assert.Matches(@"results_\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{6}\.json$", results);
        Assert.Equal(Path.GetFileName(results)["results_".Length..^5], Path.GetFileName(samples)["samples_arc_easy_".Length..^6]);
        using var summary = JsonDocument.Parse(File.ReadAllText(results));
        JsonElement[] lines = [.. File.ReadAllLines(samples).Select(line => JsonDocument.Parse(line).RootElement)];
        Assert.Equal([0, 1, 2, 3], lines.Select(line => line.GetProperty("doc_id").GetInt32()));
        Assert.Equal(summary.RootElement.GetProperty("results").GetProperty("arc_easy").GetProperty("acc,none").GetDouble(), lines.Average(line => line.GetProperty("acc").GetDouble()));
        JsonElement first = lines[0];
        Assert.Equal("Question: T1?\nAnswer: x\n\nQuestion: Q0?\nAnswer:", first.GetProperty("arguments").GetProperty("gen_args_1").GetProperty("arg_0").GetString());
        Assert.Equal(" the old house", first.GetProperty("arguments").GetProperty("gen_args_1").GetProperty("arg_1").GetString());
        Assert.Equal("Q0?", first.GetProperty("doc").GetProperty("question").GetString());
        Assert.Equal(2, first.GetProperty("resps").GetArrayLength());
        Assert.True(double.Parse(first.GetProperty("filtered_resps")[0][0].GetString()!, System.Globalization.CultureInfo.InvariantCulture) < 0);
        Assert.Equal(64, first.GetProperty("prompt_hash").GetString()!.Length);
    }

    /// <summary>No loss of this model is a number: whoever measures before the rest is looked at fails for that.</summary>
    [Fact]
    public void Eval_SomethingMissingForALaterTask_FailsBeforeAnythingIsMeasured()
    {
        WriteArc();
        string model = SmallModel.Write(_folder["model"]);
        SmallModel.Fill(model, TensorNames.FinalNorm, float.NaN);
        CommandResult Run(params string[] more) => CommandRunner.Run(["eval", model, "--data", _folder["data"], "--tasks", .. more]);

        Run("arc_easy").AssertFails(1, "NaN");
        Run("arc_easy,boolq").AssertFails(1, "has no data for split 'validation' of task 'boolq'");
        _folder.Write("data/boolq.jsonl", "{}");
        Run("arc_easy,boolq").AssertFails(1, "boolq.jsonl, line 1: has no field 'passage'");
        _folder.Write("data/boolq.jsonl", """{"passage": "Cats purr.", "question": "do cats purr", "label": 1}""");
        Run("arc_easy,boolq", "--num-fewshot", "1").AssertFails(1, "has no data for split 'train' of task 'boolq'");
        _folder.Write("taken", "a file");
        Run("arc_easy", "--out", _folder["taken"]).AssertFails(1, "taken");
        Assert.DoesNotContain("NaN", Run("arc_easy", "--out", _folder["taken"]).Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Eval_TasksOut_ShowsBeforeItWrites()
    {
        WriteArc();
        using var output = new LookingWriter(() => Files().Length);
        using var error = new StringWriter();
        int code = NiwakiCommandLine.Run(
            ["eval", SmallModel.Write(_folder["model"]), "--tasks", "arc_easy", "--data", _folder["data"], "--out", _folder["out"], "--json", "--threads", "1"],
            output,
            error,
            TestContext.Current.CancellationToken);

        Assert.Equal((0, 0, 2), (code, output.Seen, Files().Length));
        string[] Files() => Directory.GetFiles(_folder["out"], "*", SearchOption.AllDirectories);
    }

    /// <summary>The model writes about two problems; what it writes is nonsense, and the form of its judgement is not.</summary>
    [Fact]
    public void Eval_Gsm8k_TwoFilters()
    {
        _folder.Write("data/gsm8k.jsonl", """
            {"question": "Tom has 1 hat and finds 1. How many?", "answer": "1 + 1 = 2\n#### 2"}
            {"question": "Ann has 3 hats and eats none. How many?", "answer": "3\n#### 3"}
            """);
        _folder.Write("data/gsm8k-train.jsonl", """{"question": "One and two?", "answer": "1 + 2 = 3\n#### 3"}""");
        Assert.Equal(0, Eval("gsm8k", "--num_fewshot", "1", "--out", _folder["out"]).ExitCode);

        using var summary = JsonDocument.Parse(File.ReadAllText(Directory.GetFiles(_folder["out"], "results_*.json", SearchOption.AllDirectories).Single()));
        JsonElement result = summary.RootElement.GetProperty("results").GetProperty("gsm8k");
        Assert.InRange(result.GetProperty("exact_match,strict-match").GetDouble() + result.GetProperty("exact_match,flexible-extract").GetDouble(), 0, 2);
        string[] lines = File.ReadAllLines(Directory.GetFiles(_folder["out"], "samples_gsm8k_*.jsonl", SearchOption.AllDirectories).Single());
        Assert.Equal(4, lines.Length); // a line for each filter
        using var line = JsonDocument.Parse(lines[0]);
        Assert.Equal("strict-match", line.RootElement.GetProperty("filter").GetString());
        Assert.DoesNotContain("Question:", line.RootElement.GetProperty("resps")[0][0].GetString(), StringComparison.Ordinal);
    }

    /// <summary>All subjects of one group, and one of another: that one makes neither its group nor the whole.</summary>
    [Fact]
    public void Eval_Mmlu_GroupsWhoseSubjectsAreAllThere()
    {
        string[] names = [.. HarnessTasks.Find("mmlu_social_sciences").Select(task => task.Name)];
        foreach (string name in (string[])[.. names, "mmlu_anatomy"])
        {
            _folder.Write($"data/{name}-test.csv", "What is it?,one,two,three,four,A\nAnd this?,one,two,three,four,B\n");
            _folder.Write($"data/{name}-dev.csv", "Which?,one,two,three,four,C\n");
        }

        JsonElement json = Eval("mmlu_social_sciences,mmlu_anatomy", "--num-fewshot", "1", "--json").Json;

        Assert.Equal(["mmlu_social_sciences"], json.GetProperty("groups").EnumerateObject().Select(group => group.Name));
        double[] each = [.. names.Select(name => json.GetProperty("results").GetProperty(name).GetProperty("acc,none").GetDouble())];
        Assert.Equal(each.Average(), json.GetProperty("groups").GetProperty("mmlu_social_sciences").GetProperty("acc,none").GetDouble(), 12);
        Assert.Equal("mmlu_econometrics", json.GetProperty("group_subtasks").GetProperty("mmlu_social_sciences")[0].GetString());
        Assert.Equal(2, json.GetProperty("versions").GetProperty("mmlu_social_sciences").GetDouble());
        Assert.False(Eval("mmlu_anatomy", "--json").Json.TryGetProperty("groups", out _));
    }

    /// <summary>The harness has num_fewshot 0 in the settings of this task, which no option overrides; a single document could give no two examples either.</summary>
    [Fact]
    public void Eval_TruthfulQa_HasNoExamplesWhateverIsAskedFor()
    {
        _folder.Write("data/truthfulqa_mc2.jsonl", """{"question": "Is water wet?", "mc2_targets": {"choices": ["Yes", "No"], "labels": [1, 0]}}""");
        CommandResult result = Eval("truthfulqa_mc2", "--num-fewshot", "2", "--json");

        Assert.Equal(0, result.Json.GetProperty("n-shot").GetProperty("truthfulqa_mc2").GetInt32());
        Assert.Contains("truthfulqa_mc2 has 0 examples whatever is asked for", result.Error, StringComparison.Ordinal);
    }

    /// <summary>All seven tasks on the original data, two documents each.</summary>
    [Fact]
    public void Eval_SevenTasks_MeanWithItsMix()
    {
        string bench = RepositoryFiles.SharedOrSkip("bench");
        string[] args = ["eval", CommandRunner.Sample, "--tasks", "boolq,piqa,hellaswag,winogrande,arc_easy,arc_challenge,openbookqa,lambada_openai,truthfulqa_mc2", "--data", bench, "--limit", "2"];
        CommandResult table = CommandRunner.Run(args);
        JsonElement own = CommandRunner.Run([.. args, "--json"]).Json.GetProperty("niwaki");

        Assert.Equal((0, ""), (table.ExitCode, table.Error));
        Assert.Contains("Mean of the seven tasks", table.Output, StringComparison.Ordinal);
        Assert.Contains("acc_norm: hellaswag", own.GetProperty("seven_task_mean").GetProperty("mix").GetString(), StringComparison.Ordinal);
        Assert.InRange(own.GetProperty("seven_task_mean").GetProperty("mixed").GetDouble(), 0, 1);
    }

    /// <summary>Two parts of OpenBookQA as the hub serves them: a group of two lists, and the examples of another part.</summary>
    [Fact]
    public void Eval_Pull_FetchesWhatIsMissing()
    {
        Directory.CreateDirectory(_folder["data"]);
        using var hub = new LocalHub();
        hub.Add("allenai/openbookqa", "main", "test", OpenBook("The sun is a", "B"));
        hub.Add("allenai/openbookqa", "main", "train", OpenBook("The moon is a", "A"));

        CommandResult first = Eval("openbookqa", "--num-fewshot", "1", "--pull", "--endpoint", hub.Endpoint, "--out", _folder["out"]);
        CommandResult second = Eval("openbookqa", "--num-fewshot", "1", "--pull", "--endpoint", hub.Endpoint, "--json");

        Assert.Equal((0, 0), (first.ExitCode, second.ExitCode));
        Assert.Contains("Fetched openbookqa, test.", first.Error, StringComparison.Ordinal);
        Assert.Equal((4, ""), (hub.Asked.Count, second.Error));
        string samples = File.ReadAllText(Directory.GetFiles(_folder["out"], "samples_*.jsonl", SearchOption.AllDirectories).Single());
        Assert.Contains("The moon is a star\\n\\nThe sun is a", samples, StringComparison.Ordinal);
        Eval("boolq", "--pull", "--endpoint", hub.Endpoint).AssertFails(1, "datasets/super_glue/resolve", "404");
    }

    /// <summary>What a person put into the folder is not the hub's.</summary>
    [Fact]
    public void Eval_PullWhereAFileLies_LeavesIt()
    {
        byte[] own = OpenBook("My own question is a", "A");
        _folder.Write("data/openbookqa/test.parquet", own);
        using var hub = new LocalHub();
        hub.Add("allenai/openbookqa", "main", "test", OpenBook("The sun is a", "B"));

        CommandResult result = Eval("openbookqa", "--pull", "--endpoint", hub.Endpoint, "--json");

        Assert.True(result.ExitCode == 0, result.Error);
        Assert.Empty(hub.Asked);
        Assert.Equal(own, File.ReadAllBytes(_folder["data/openbookqa/test.parquet"]));
    }

    private static byte[] OpenBook(string question, string answer)
    {
        static byte[] List(params string[] texts) => ParquetBytes.Page(
            [.. ParquetBytes.Levels([0, .. Enumerable.Repeat((byte)1, texts.Length - 1)]), .. ParquetBytes.Levels([.. Enumerable.Repeat((byte)1, texts.Length)]), .. ParquetBytes.Texts(texts)], texts.Length);
        ParquetBytes file = new ParquetBytes { RootChildren = 3 }.Add("question_stem", 6, ParquetBytes.Texts(question), 1).Add("answerKey", 6, ParquetBytes.Texts(answer), 1);
        file.Schema.Add(ParquetBytes.Thrift((3, 0), (4, "choices"), (5, 2)));
        foreach ((string name, string[] texts) in (List<(string, string[])>)[("text", ["star", "lamp"]), ("label", ["A", "B"])])
        {
            file.Schema.AddRange([
                ParquetBytes.Thrift((3, 0), (4, name), (5, 1), (6, 3)), ParquetBytes.Thrift((3, 2), (4, "list"), (5, 1)), ParquetBytes.Thrift((1, 6), (3, 0), (4, "element")),
            ]);
            file.Columns.Add(List(texts));
            file.Values.Add(2);
        }

        return file.File();
    }

    [Theory]
    [InlineData(2, "Task 'glue' is not known", "--tasks", "glue", "--data", "DATA")]
    [InlineData(2, "Tasks are ','", "--tasks", ",", "--data", "DATA")]
    [InlineData(2, "--data is not given", "--tasks", "boolq")]
    [InlineData(2, "Both --file and --tasks", "--tasks", "boolq", "--data", "DATA", "--file", "TEXT")]
    [InlineData(2, "Neither --file nor", "--json")]
    [InlineData(2, "--protocol is given with --tasks", "--tasks", "boolq", "--data", "DATA", "--protocol", "gptq")]
    [InlineData(2, "--num-fewshot is given with --file", "--file", "TEXT", "--num-fewshot", "1")]
    [InlineData(2, "examples -1", "--tasks", "boolq", "--data", "DATA", "--num-fewshot", "-1")]
    [InlineData(1, "has no data for split 'validation' of task 'boolq'", "--tasks", "boolq", "--data", "DATA")]
    [InlineData(1, "Data folder", "--tasks", "boolq", "--data", "NOWHERE")]
    public void Eval_ArgumentsThatMakeNoSense_Fail(int code, string message, params string[] args)
    {
        Directory.CreateDirectory(_folder["data"]);
        CommandRunner.Run(["eval", CommandRunner.Sample, .. args.Select(arg => arg switch { "DATA" => _folder["data"], "NOWHERE" => _folder["nowhere"], "TEXT" => CommandRunner.Text, _ => arg })])
            .AssertFails(code, message);
    }

    private void WriteArc()
    {
        static string Row(string question, string key) =>
            $$"""{"question": "{{question}}?", "choices": {"text": ["x", "the old house"], "label": ["A", "B"]}, "answerKey": "{{key}}"}""" + "\n";
        _folder.Write("data/arc_easy.jsonl", string.Concat(Enumerable.Range(0, 4).Select(i => Row($"Q{i}", i % 2 == 0 ? "A" : "B"))));
        _folder.Write("data/arc_easy-train.jsonl", Row("T0", "A") + Row("T1", "A"));
    }

    private CommandResult Eval(string tasks, params ReadOnlySpan<string> more) => CommandRunner.Run(["eval", CommandRunner.Sample, "--tasks", tasks, "--data", _folder["data"], .. more]);
}
