using System.Globalization;
using System.Text.Json;
using Niwaki.Formats.HuggingFace;
using Niwaki.Models;

namespace Niwaki.Plans;

/// <summary>Writes a plan as JSON: fields on lines of their own, every block on one line.</summary>
internal static class PlanWriter
{
    public static void Write(Stream stream, PruningPlan plan)
    {
        using (var json = new Utf8JsonWriter(stream, ConfigDocument.WriterOptions))
        {
            json.WriteStartObject();
            json.WriteString(PlanFields.Format, PlanFields.FormatName);
            json.WriteNumber(PlanFields.VersionField, PlanFields.Version);
            json.WriteStartObject(PlanFields.Source);
            json.WriteString(PlanFields.Name, plan.SourceName);
            json.WriteString(PlanFields.StructureHash, plan.SourceStructureHash);
            json.WriteString(PlanFields.ContentHash, plan.SourceContentHash);
            json.WriteEndObject();
            json.WriteString(PlanFields.Method, plan.Method);
            json.WriteNumber(PlanFields.Sparsity, plan.Sparsity);
            json.WriteNumber(PlanFields.Seed, plan.Seed);
            json.WriteString(PlanFields.Recipe, plan.Recipe);
            json.WriteStartArray(PlanFields.Blocks);
            for (int i = 0; i < plan.Selection.Blocks.Count; i++)
            {
                // A raw value comes without the line break that indented values have.
                json.WriteRawValue("\n    " + BlockLine(i, plan.Selection.Blocks[i], plan.Biases), skipInputValidation: true);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        stream.WriteByte((byte)'\n');
    }

    private static string BlockLine(int index, BlockSelection block, OutputBiases? biases)
    {
        (string Name, string Value)[] fields =
        [
            (PlanFields.Block, index.ToString(CultureInfo.InvariantCulture)),
            (PlanFields.Heads, Ranges(block.Heads)),
            (PlanFields.KeyValueHeads, Ranges(block.KeyValueHeads)),
            (PlanFields.Neurons, Ranges(block.Neurons)),
            .. BiasField(PlanFields.OutputBias, biases?.Find(index, SubLayer.Attention)),
            .. BiasField(PlanFields.DownBias, biases?.Find(index, SubLayer.Mlp)),
        ];
        return $"{{{string.Join(", ", fields.Select(field => $"\"{field.Name}\": {field.Value}"))}}}";
    }

    /// <summary>The shortest numbers that read back to the same bits.</summary>
    private static (string Name, string Value)[] BiasField(string name, float[]? values) =>
        values is null ? [] : [(name, $"[{string.Join(", ", values.Select(value => value.ToString("R", CultureInfo.InvariantCulture)))}]")];

    private static string Ranges(int[] indices) =>
        $"[{string.Join(", ", IndexRange.Of(indices).Select(range => FormattableString.Invariant($"[{range.First}, {range.Last}]")))}]";
}
