using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using Niwaki.Evaluation.Likelihood;
using Niwaki.Formats;

namespace Niwaki.Evaluation.Tasks;

/// <summary>Writes result files where lm-evaluation-harness writes its own.</summary>
public static partial class HarnessFiles
{
    private static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private static readonly JsonSerializerOptions OneLine = new(Indented) { WriteIndented = false };

    /// <summary>A name as a folder: every run of characters that some file system refuses becomes two underscores.</summary>
    /// <param name="model">Name of a model.</param>
    public static string Sanitized(string model)
    {
        ArgumentNullException.ThrowIfNull(model);
        return Refused().Replace(model, "__");
    }

    /// <summary>Makes the folder that <see cref="Write"/> writes into, and sees whether a file can be written there: better before hours of measuring than behind them.</summary>
    /// <param name="folder">Folder above; made where missing.</param>
    /// <param name="model">Name of the model.</param>
    /// <exception cref="IOException">The folder cannot be made, or no file in it.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder may not be written.</exception>
    public static void Prepare(string folder, string model)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        string target = Path.Combine(folder, Sanitized(model));
        Directory.CreateDirectory(target);
        AtomicFile.ThrowIfUnwritable(Path.Combine(target, "results.json"));
    }

    /// <summary>Writes <c>results_TIME.json</c> and for every task <c>samples_TASK_TIME.jsonl</c> into a folder named like the model.</summary>
    /// <param name="folder">Folder above; made where missing.</param>
    /// <param name="run">What was run.</param>
    /// <param name="results">Results of tasks.</param>
    /// <returns>Path of the file of results.</returns>
    /// <exception cref="IOException">A file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder may not be written.</exception>
    public static string Write(string folder, HarnessRun run, IReadOnlyList<TaskResult> results)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentNullException.ThrowIfNull(run);
        ArgumentNullException.ThrowIfNull(results);
        string target = Path.Combine(folder, Sanitized(run.Model));
        Directory.CreateDirectory(target);
        string time = run.Date.ToString("yyyy-MM-dd'T'HH-mm-ss.ffffff", CultureInfo.InvariantCulture);
        foreach (TaskResult result in results)
        {
            AtomicFile.Write(Path.Combine(target, $"samples_{result.Task.Name}_{time}.jsonl"), stream => WriteSamples(stream, result));
        }

        string path = Path.Combine(target, $"results_{time}.json");
        AtomicFile.WriteAllText(path, HarnessReport.ToJson(run, results).ToJsonString(Indented));
        return path;
    }

    private static void WriteSamples(Stream stream, TaskResult result)
    {
        using var writer = new StreamWriter(stream, new UTF8Encoding(false), leaveOpen: true) { NewLine = "\n" };
        for (int i = 0; i < result.Samples.Count; i++)
        {
            foreach (string filter in result.Samples[i].Values.Keys.Select(key => key.Filter).Distinct())
            {
                writer.WriteLine(Line(i, result.Task, result.Samples[i], filter).ToJsonString(OneLine));
            }
        }
    }

    private static JsonObject Line(int index, TaskDefinition task, TaskSample sample, string filter)
    {
        JsonNode document = sample.Item.Document.Fields.DeepClone();
        var arguments = new JsonObject();
        for (int i = 0; i < sample.Requests.Count; i++)
        {
            arguments[$"gen_args_{i}"] = new JsonObject { ["arg_0"] = sample.Requests[i].Context, ["arg_1"] = sample.Requests[i].Continuation };
        }

        var line = new JsonObject
        {
            ["doc_id"] = index,
            ["doc"] = document,
            ["target"] = task.Output == TaskOutput.MultipleChoice ? sample.Item.Gold.ToString(CultureInfo.InvariantCulture) : sample.Item.Target,
            ["arguments"] = arguments,
            ["resps"] = sample.Written is { } text ? new JsonArray(new JsonArray(text)) : new JsonArray([.. sample.Results.Select(result => new JsonArray(Pair(result)))]),
            ["filtered_resps"] = sample.Written is null ? new JsonArray([.. sample.Results.Select(Pair)]) : new JsonArray(sample.Filtered[filter]),
            ["filter"] = filter,
            ["metrics"] = new JsonArray([.. sample.Values.Keys.Where(key => key.Filter == filter).Select(key => (JsonNode)key.Metric)]),
            ["doc_hash"] = Hash(document.ToJsonString(Indented)),
            ["prompt_hash"] = Hash(sample.Requests[0].Context),
            ["target_hash"] = Hash(sample.Item.Target),
        };
        foreach (((string metric, string of), double value) in sample.Values)
        {
            if (of == filter)
            {
                line[metric] = value;
            }
        }

        return line;
    }

    /// <summary>Both as texts, as the harness writes them.</summary>
    private static JsonArray Pair(LikelihoodResult result) => new(result.LogLikelihood.ToString("R", CultureInfo.InvariantCulture), result.IsGreedy ? "True" : "False");

    /// <summary>SHA-256 of the UTF-8 text, in hexadecimal digits.</summary>
    internal static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    [GeneratedRegex("""["<>:/|\\?*\[\]]+""", RegexOptions.CultureInvariant)]
    private static partial Regex Refused();
}
