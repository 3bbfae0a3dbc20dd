using System.Globalization;
using System.Text.Json;
using Niwaki.Formats;
using Niwaki.Models;
using Niwaki.Plans;
using Niwaki.Runs;

namespace Niwaki.Pruning.Surgery;

/// <summary>Writes the README.md of a cut model: what it was made from, what is gone, and what that cost where it was measured.</summary>
internal static class ModelCard
{
    /// <summary>Name of the file.</summary>
    public const string FileName = "README.md";

    /// <summary>Writes the card of a run's model anew, once the model was measured.</summary>
    /// <param name="folder">The model folder.</param>
    /// <param name="plan">The plan that was applied.</param>
    /// <param name="source">The model it was applied to.</param>
    /// <param name="isStock">Whether stock software can load the result.</param>
    /// <param name="report">The outcome of the run.</param>
    public static void Write(string folder, PruningPlan plan, ModelConfig source, bool isStock, RunReport report) =>
        AtomicFile.WriteAllText(Path.Combine(folder, FileName), Text(plan, source, isStock, report));

    /// <summary>The text.</summary>
    /// <param name="plan">The plan that was applied.</param>
    /// <param name="source">The model it was applied to.</param>
    /// <param name="isStock">Whether stock software can load the result.</param>
    /// <param name="report">The outcome of the run; null where nothing was measured.</param>
    /// <param name="speed">A measurement of speed as lines of Markdown; null where there is none.</param>
    public static string Text(PruningPlan plan, ModelConfig source, bool isStock, RunReport? report = null, string? speed = null)
    {
        ModelConfig target = source.Select(plan.Selection);
        ParameterCount before = ParameterCounter.Count(source);
        ParameterCount after = ParameterCounter.Count(target);
        string name = Inline(plan.SourceName);
        return string.Create(CultureInfo.InvariantCulture, $"""
            ---
            base_model: {Quoted(plan.SourceName)}
            library_name: {(isStock ? "transformers" : "niwaki")}
            pipeline_tag: text-generation
            tags:
            - niwaki
            - pruned
            - {Quoted(plan.Method)}
            ---

            # {name}, pruned

            Made from `{name}` by Niwaki with the method `{Inline(plan.Method)}`. Target: {plan.Sparsity:P1} fewer prunable parameters, which are
            those of the attention and MLP matrices.

            | | before | after | removed |
            | --- | ---: | ---: | ---: |
            {Row("Parameters", before.Total, after.Total)}
            {Row("Prunable parameters", before.Prunable, after.Prunable)}
            {Row("Blocks", source.Blocks.Count, target.Blocks.Count)}
            {Row("Query heads", source.Blocks.Sum(block => block.Heads), target.Blocks.Sum(block => block.Heads))}
            {Row("Key and value heads", source.Blocks.Sum(block => block.KeyValueHeads), target.Blocks.Sum(block => block.KeyValueHeads))}
            {Row("Neurons", source.Blocks.Sum(block => (long)block.Neurons), target.Blocks.Sum(block => (long)block.Neurons))}

            {Loading(plan, source, target.Blocks, isStock)}

            ## Evaluation

            {Evaluation(report)}

            ## Speed

            {speed?.TrimEnd() ?? "Not measured here, `niwaki bench` measures it."}

            ## Limits

            Pruning keeps what the texts that it was decided and measured on exercise. Other languages, domains, instructions and safety behaviour of the
            source were not measured. The licence and the terms of use are those of the source.

            ## Made by

            {MadeBy(plan, report)}

            """).ReplaceLineEndings("\n");
    }

    /// <summary>What loads the model, and why nothing else does.</summary>
    private static string Loading(PruningPlan plan, ModelConfig source, IReadOnlyList<BlockShape> blocks, bool isStock)
    {
        int heads = Math.Max(1, blocks.Select(block => block.Heads).FirstOrDefault());
        string type = StockArchitecture.Of(source, heads, plan.Biases is not null).ModelType;
        if (isStock)
        {
            return $"All blocks have the same sizes: software that loads models of type `{type}` loads this one.";
        }

        return blocks.All(block => block == blocks[0] && block.HasAttention && block.HasMlp)
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"All blocks have the same sizes, but {heads} query heads do not divide the hidden size {source.HiddenSize}, as other software wants of a `{type}` with biases; Niwaki loads this model.")
            : "Blocks differ in size, which `per_layer_config` in `config.json` describes; Niwaki loads this model.";
    }

    private static string Evaluation(RunReport? report)
    {
        if (report is null)
        {
            return "Nothing was measured.";
        }

        string text = report.EvaluationFile is { } file ? $"`{Inline(file)}`" : "a text that the source wrote itself";
        return string.Create(CultureInfo.InvariantCulture, $"""
            | | before | after |
            | --- | ---: | ---: |
            | Perplexity | {report.PerplexityBefore:N2} | {report.PerplexityAfter:N2} |
            | Loss, nats per token | {report.LossBefore:N4} | {report.LossAfter:N4} |
            | Weight files, bytes | {report.BytesBefore:N0} | {report.BytesAfter:N0} |

            Protocol `{report.Protocol}`: window {report.EvaluationWindow}, {report.EvaluationTokens:N0} tokens of {text}. Perplexities of other protocols or texts cannot be
            compared with these.
            """);
    }

    private static string MadeBy(PruningPlan plan, RunReport? report)
    {
        string facts = string.Create(
            CultureInfo.InvariantCulture, $"Seed {plan.Seed}, source structure `{Inline(plan.SourceStructureHash)}`, source content `{Inline(plan.SourceContentHash ?? "not hashed")}`.");
        return report is null
            ? facts
            : string.Create(
                CultureInfo.InvariantCulture,
                $"Niwaki {Inline(report.ToolVersion)} ({Inline(report.VectorPath)} instructions), {report.Evaluations:N0} evaluations, {report.ForwardTokens:N0} forward tokens. {facts}");
    }

    private static string Row(string name, long before, long after) => string.Create(
        CultureInfo.InvariantCulture, $"| {name} | {before:N0} | {after:N0} | {(before == 0 ? 0 : 1 - ((double)after / before)):P2} |");

    /// <summary>A text of unknown origin as a YAML value: every JSON string is one.</summary>
    private static string Quoted(string text) => $"\"{JsonEncodedText.Encode(text)}\"";

    /// <summary>A text of unknown origin inside a line of Markdown.</summary>
    private static string Inline(string text) => MessageText.Shown(text).Replace('`', '\'').Replace('|', '/').Replace('<', '(').Replace('>', ')');
}
