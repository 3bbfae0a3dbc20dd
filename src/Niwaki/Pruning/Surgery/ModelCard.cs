using System.Globalization;
using System.Text.Json;
using Niwaki.Formats;
using Niwaki.Models;
using Niwaki.Plans;

namespace Niwaki.Pruning.Surgery;

/// <summary>Writes the README.md of a cut model: what it was made from and what is gone.</summary>
internal static class ModelCard
{
    /// <summary>Name of the file.</summary>
    public const string FileName = "README.md";

    /// <summary>The text.</summary>
    /// <param name="plan">The plan that was applied.</param>
    /// <param name="source">The model it was applied to.</param>
    /// <param name="isStock">Whether stock software can load the result.</param>
    public static string Text(PruningPlan plan, ModelConfig source, bool isStock)
    {
        ModelConfig target = source.Select(plan.Selection);
        ParameterCount before = ParameterCounter.Count(source);
        ParameterCount after = ParameterCounter.Count(target);
        string name = Inline(plan.SourceName);
        string loading = isStock
            ? $"All blocks have the same sizes: software that loads models of type `{source.Architecture.ModelType}` loads this one."
            : "Blocks differ in size, which `per_layer_config` in `config.json` describes; Niwaki loads this model.";
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

            {loading}

            """).ReplaceLineEndings("\n");
    }

    private static string Row(string name, long before, long after) => string.Create(
        CultureInfo.InvariantCulture, $"| {name} | {before:N0} | {after:N0} | {(before == 0 ? 0 : 1 - ((double)after / before)):P2} |");

    /// <summary>A text of unknown origin as a YAML value: every JSON string is one.</summary>
    private static string Quoted(string text) => $"\"{JsonEncodedText.Encode(text)}\"";

    /// <summary>A text of unknown origin inside a line of Markdown.</summary>
    private static string Inline(string text) => MessageText.Shown(text).Replace('`', '\'').Replace('|', '/').Replace('<', '(').Replace('>', ')');
}
