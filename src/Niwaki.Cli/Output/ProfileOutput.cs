using System.Globalization;
using System.Text.Json.Nodes;
using Niwaki.Models;
using Niwaki.Plans;
using Spectre.Console;

namespace Niwaki.Cli.Output;

/// <summary>Shows which pruned forms of a model a profile allows.</summary>
/// <param name="config">The model.</param>
/// <param name="profile">The profile; null: every shape.</param>
/// <param name="roundTo">Channels that widths are multiples of.</param>
/// <param name="sparsity">A target; null: none is looked for.</param>
internal sealed class ProfileOutput(ModelConfig config, ShapeProfile? profile, int roundTo, double? sparsity)
{
    private const int MostListed = 12;

    private readonly ShapeRules _rules = new(config, profile, roundTo);

    private string? Fault => _rules.Profile?.FaultOf(config);

    private bool CutsWidth => _rules.Profile is not { CutsWidth: false };

    private LegalTargets? Near => sparsity is { } share && Fault is null ? LegalTargets.Near(config, _rules, share) : null;

    /// <summary>As JSON.</summary>
    public JsonObject ToJson() => new()
    {
        ["name"] = _rules.Profile?.Name,
        ["runtimes"] = _rules.Profile?.Runtimes,
        ["fault"] = Fault,
        ["blocks"] = new JsonArray([.. config.Blocks.Select(shape => new JsonObject
        {
            ["keyValueHeads"] = Numbers(Counts(shape, SubLayer.Attention)),
            ["neuronMultiple"] = CutsWidth ? _rules.Of(SubLayer.Mlp, shape).Multiple : null,
            ["mayLoseSubLayers"] = _rules.Profile is not { CutsSubLayers: false },
        })]),
        ["target"] = Near is { } near
            ? new JsonObject
            {
                ["sparsity"] = sparsity,
                ["below"] = near.Share(near.Below),
                ["above"] = near.Above is { } above ? near.Share(above) : null,
                ["most"] = near.Share(near.Most),
            }
            : null,
    };

    /// <summary>As tables.</summary>
    public void Write(Terminal terminal)
    {
        if (Fault is { } fault)
        {
            terminal.Output.WriteLine(fault);
            return;
        }

        var table = new Table().Border(TableBorder.Rounded).AddColumns("profile", _rules.Profile is { } rule ? rule.Name : "none");
        table.AddRow("runs on", _rules.Profile?.Runtimes ?? "Niwaki");
        table.AddRow("whole blocks may go", "yes");
        table.AddRow("attention or MLP of a block may go", _rules.Profile is { CutsSubLayers: false } ? "no" : "yes");
        table.AddRow("blocks may differ", _rules.EqualBlocks ? "no" : "yes");
        foreach (BlockShape shape in config.Blocks.Distinct())
        {
            string widths = CutsWidth ? $"{Listed(Counts(shape, SubLayer.Attention))}" : Text(shape.KeyValueHeads);
            table.AddRow($"KV groups, of {shape.KeyValueHeads}", widths);
            int multiple = _rules.Of(SubLayer.Mlp, shape).Multiple;
            table.AddRow($"neurons, of {Quantity.Count(shape.Neurons)}", !CutsWidth ? Quantity.Count(shape.Neurons) : multiple == 1 ? "any number" : $"multiples of {multiple}");
        }

        if (Near is { } near)
        {
            table.AddRow($"sparsity {sparsity!.Value.ToString(CultureInfo.InvariantCulture)}", near.Above == near.Below ? "possible exactly" : "not possible exactly");
            table.AddRow("nearest below", Share(near, near.Below));
            table.AddRow("nearest above", near.Above is { } above ? Share(near, above) : "none");
            table.AddRow("largest", Share(near, near.Most));
        }

        terminal.Tables.Write(table);
    }

    private static string Share(LegalTargets near, long parameters) =>
        $"{near.Share(parameters).ToString("0.000000", CultureInfo.InvariantCulture)} ({Quantity.Count(parameters)} parameters)";

    private int[] Counts(BlockShape shape, SubLayer subLayer)
    {
        int units = subLayer == SubLayer.Attention ? shape.KeyValueHeads : shape.Neurons;
        return CutsWidth && shape.Has(subLayer) ? [units, .. _rules.Of(subLayer, shape).AllBelow(units)] : [units];
    }

    private static JsonArray Numbers(int[] values) => new([.. values.Select(value => (JsonNode)value)]);

    private static string Listed(int[] counts) =>
        counts.Length <= MostListed ? string.Join(", ", counts.Select(Text)) : $"{string.Join(", ", counts.Take(MostListed - 2).Select(Text))}, … {counts[^1]}";

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);
}
