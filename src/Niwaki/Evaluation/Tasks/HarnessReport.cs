using System.Globalization;
using System.Text.Json.Nodes;

namespace Niwaki.Evaluation.Tasks;

/// <summary>Results of tasks in the layout of lm-evaluation-harness' <c>results_*.json</c>; what it does not know is under the key <c>niwaki</c>.</summary>
public static class HarnessReport
{
    private const string NotAvailable = "N/A";

    /// <summary>The results as one object.</summary>
    /// <param name="run">What was run.</param>
    /// <param name="results">Results of tasks.</param>
    public static JsonObject ToJson(HarnessRun run, IReadOnlyList<TaskResult> results)
    {
        ArgumentNullException.ThrowIfNull(run);
        ArgumentNullException.ThrowIfNull(results);
        IReadOnlyList<TaskGroupResult> groups = TaskGroupResult.Of(results);
        JsonObject ByTask(Func<TaskResult, JsonNode?> value) => new(results.Select(result => KeyValuePair.Create(result.Task.Name, value(result))));
        JsonObject versions = ByTask(result => Number(result.Task.Version));
        JsonObject all = ByTask(Result);
        foreach (TaskGroupResult group in groups)
        {
            versions[group.Name] = Number(TaskGroupResult.Version);
            all[group.Name] = Result(group);
        }

        var json = new JsonObject { ["results"] = all };
        if (groups.Count > 0)
        {
            json["groups"] = new JsonObject(groups.Select(group => KeyValuePair.Create<string, JsonNode?>(group.Name, Result(group))));
        }

        json["group_subtasks"] = groups.Count > 0 ? Members(groups) : ByTask(_ => new JsonArray());
        json["configs"] = ByTask(Configuration);
        json["versions"] = versions;
        json["n-shot"] = ByTask(result => result.Shots);
        json["higher_is_better"] = ByTask(result => new JsonObject(
            result.Metrics.DistinctBy(metric => metric.Name).Select(metric => KeyValuePair.Create<string, JsonNode?>(metric.Name, metric.HigherIsBetter))));
        json["n-samples"] = ByTask(result => new JsonObject { ["original"] = result.Documents, ["effective"] = result.Samples.Count });
        AddRun(json, run);
        json["niwaki"] = Own(run, results);
        return json;
    }

    private static JsonObject Result(TaskResult result)
    {
        var json = new JsonObject { ["alias"] = result.Task.Name };
        foreach (TaskMetric metric in result.Metrics)
        {
            Add(json, metric);
        }

        json["name"] = result.Task.Name;
        json["sample_len"] = result.Samples.Count;
        return json;
    }

    private static JsonObject Result(TaskGroupResult group)
    {
        var json = new JsonObject { ["alias"] = group.Name };
        Add(json, group.Accuracy);
        json["name"] = group.Name;
        return json;
    }

    private static void Add(JsonObject json, TaskMetric metric)
    {
        json[$"{metric.Name},{metric.Filter}"] = metric.Value;
        json[$"{metric.Name}_stderr,{metric.Filter}"] = metric.Error is { } error ? error : NotAvailable;
    }

    private static JsonObject Members(IReadOnlyList<TaskGroupResult> groups) =>
        new(groups.Select(group => KeyValuePair.Create<string, JsonNode?>(group.Name, new JsonArray([.. group.Tasks.Select(task => (JsonNode)task)]))));

    private static JsonObject Configuration(TaskResult result) => new()
    {
        ["task"] = result.Task.Name,
        ["dataset_path"] = result.Task.DatasetPath,
        ["dataset_name"] = result.Task.DatasetName,
        ["training_split"] = result.Task.TrainingSplit,
        ["validation_split"] = result.Task.ValidationSplit,
        ["test_split"] = result.Task.TestSplit,
        ["fewshot_split"] = result.Task.FewShotSplit,
        ["description"] = result.Task.Description,
        ["target_delimiter"] = " ",
        ["fewshot_delimiter"] = "\n\n",
        ["num_fewshot"] = result.Shots,
        ["output_type"] = OutputName(result.Task.Output),
        ["metric_list"] = new JsonArray([.. result.Metrics.DistinctBy(metric => metric.Name).Select(metric => new JsonObject
        {
            ["metric"] = metric.Name,
            ["higher_is_better"] = metric.HigherIsBetter,
        })]),
        ["metadata"] = new JsonObject { ["version"] = Number(result.Task.Version) },
    };

    private static string OutputName(TaskOutput output) => output switch
    {
        TaskOutput.LogLikelihood => "loglikelihood",
        TaskOutput.GenerateUntil => "generate_until",
        _ => "multiple_choice",
    };

    private static void AddRun(JsonObject json, HarnessRun run)
    {
        json["config"] = new JsonObject
        {
            ["model"] = "niwaki",
            ["model_args"] = $"pretrained={run.Model}",
            ["model_num_parameters"] = run.Parameters,
            ["model_dtype"] = "float32",
            ["batch_size"] = "auto",
            ["device"] = "cpu",
            ["limit"] = run.Limit,
            ["bootstrap_iters"] = 0,
            ["gen_kwargs"] = null,
            ["fewshot_seed"] = run.Seed,
        };
        json["git_hash"] = null;
        json["date"] = run.Date.ToUnixTimeMilliseconds() / 1000.0;
        json["transformers_version"] = null;
        json["lm_eval_version"] = null;
        json["max_length"] = run.Longest;
        json["model_source"] = "niwaki";
        json["model_name"] = run.Model;
        json["model_name_sanitized"] = HarnessFiles.Sanitized(run.Model);
        json["system_instruction"] = run.Format.Instruction;
        json["system_instruction_sha"] = Hash(run.Format.Instruction);
        json["fewshot_as_multiturn"] = run.Format.HasTurns;
        json["chat_template"] = run.Format.Template?.Source;
        json["chat_template_sha"] = Hash(run.Format.Template?.Source);
        json["task_hashes"] = new JsonObject();
        json["total_evaluation_time_seconds"] = run.Duration.TotalSeconds.ToString("R", CultureInfo.InvariantCulture);
    }

    private static JsonObject Own(HarnessRun run, IReadOnlyList<TaskResult> results)
    {
        var json = new JsonObject { ["version"] = run.Version, ["begin_of_text"] = run.Begins };
        if (run.Format.Refusal is { } refusal)
        {
            json["system_message_refused"] = refusal;
        }

        if (SevenTaskMean.Of(results) is { } mean)
        {
            json["seven_task_mean"] = new JsonObject
            {
                ["mix"] = SevenTaskMean.Mix,
                ["mixed"] = mean.Mixed.Value,
                ["mixed_stderr"] = mean.Mixed.Error,
                ["acc"] = mean.Accuracy.Value,
                ["acc_stderr"] = mean.Accuracy.Error,
            };
        }

        return json;
    }

    private static string? Hash(string? text) => text is null ? null : HarnessFiles.Hash(text);

    private static JsonNode Number(string version) => double.Parse(version, CultureInfo.InvariantCulture);
}
