using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Niwaki.Cli.Arguments;
using Niwaki.Cli.Output;
using Niwaki.Formats.HuggingFace;
using Niwaki.Models;
using Niwaki.Plans;
using Spectre.Console;

namespace Niwaki.Cli.Commands;

/// <summary>Shows what a model folder holds.</summary>
internal sealed class InspectCommand : Verb
{
    private readonly Argument<string> _model = ModelArgument();
    private readonly Option<ShapeProfile?> _profile = ProfileArgument.Create("Show which pruned forms of the model this profile allows");
    private readonly Option<double?> _sparsity = new("--sparsity", "--sparsity_ratio", "--pruning_ratio") { Description = "Show the possible sparsities nearest to this one, between 0 and 1" };
    private readonly Option<int> _roundTo = new("--round-to") { Description = "Widths are multiples of 1, 32, 64, 128 or 256 channels", DefaultValueFactory = _ => 1 };

    public InspectCommand()
        : base(
            "inspect",
            "Shows the architecture, the shape of every block and the parameters of a model.",
            "niwaki inspect samples/novels-4m --profile uniform --sparsity 0.3")
    {
        Add(_model);
        Add(_profile);
        Add(_sparsity);
        Add(_roundTo);
    }

    public override int Run(ParseResult parsed, Terminal terminal, CancellationToken cancellationToken)
    {
        using var checkpoint = Checkpoint.Open(parsed.GetValue(_model)!);
        ModelConfig config = ModelConfigReader.Read(checkpoint);
        CheckTensors(checkpoint, config);
        ParameterCount parameters = ParameterCounter.Count(config);
        ProfileOutput? profile = ReadProfile(parsed, config);
        if (Json(parsed))
        {
            JsonObject json = ToJson(checkpoint, config, parameters);
            if (profile is not null)
            {
                json["profile"] = profile.ToJson();
            }

            terminal.WriteJson(json);
        }
        else
        {
            Show(terminal, checkpoint, config, parameters);
            profile?.Write(terminal);
        }

        return ExitCodes.Success;
    }

    /// <summary>What may be pruned, if an option asks for it.</summary>
    private ProfileOutput? ReadProfile(ParseResult parsed, ModelConfig config)
    {
        double? sparsity = parsed.GetValue(_sparsity);
        int roundTo = parsed.GetValue(_roundTo);
        if (sparsity is not (null or (> 0 and < 1)))
        {
            throw new UsageException($"Sparsity is {sparsity.Value.ToString(CultureInfo.InvariantCulture)}, expected a fraction between 0 and 1.");
        }

        if (roundTo is not (1 or 32 or 64 or 128 or 256))
        {
            throw new UsageException($"'--round-to' is {roundTo}, expected 1, 32, 64, 128 or 256.");
        }

        return parsed.GetValue(_profile) is null && sparsity is null && roundTo == 1 ? null : new ProfileOutput(config, parsed.GetValue(_profile), roundTo, sparsity);
    }

    /// <summary>Looks every tensor up in the shape that the config says, so that a lying file shows here already.</summary>
    private static void CheckTensors(Checkpoint checkpoint, ModelConfig config)
    {
        checkpoint.Require(TensorNames.Embedding, config.VocabularySize, config.HiddenSize);
        checkpoint.Require(TensorNames.FinalNorm, config.HiddenSize);
        if (!config.TiedEmbeddings)
        {
            checkpoint.Require(TensorNames.OutputHead, config.VocabularySize, config.HiddenSize);
        }

        for (int block = 0; block < config.Blocks.Count; block++)
        {
            BlockShape shape = config.Blocks[block];
            foreach (BlockTensor tensor in BlockTensor.Of(config.Features, shape))
            {
                int rows = config.Extent(tensor.Rows, shape);
                if (tensor.Columns is { } columns)
                {
                    checkpoint.Require(tensor.NameIn(block), rows, config.Extent(columns, shape));
                }
                else
                {
                    checkpoint.Require(tensor.NameIn(block), rows);
                }
            }
        }
    }

    private static JsonObject ToJson(Checkpoint checkpoint, ModelConfig config, ParameterCount parameters) => new()
    {
        ["folder"] = checkpoint.Folder,
        ["architecture"] = config.Architecture.ModelType,
        ["parameters"] = parameters.Total,
        ["prunable"] = parameters.Prunable,
        ["weightBytes"] = checkpoint.WeightFileBytes,
        ["hiddenSize"] = config.HiddenSize,
        ["headDim"] = config.HeadDim,
        ["vocabularySize"] = config.VocabularySize,
        ["contextLength"] = config.ContextLength,
        ["tiedEmbeddings"] = config.TiedEmbeddings,
        ["structureHash"] = checkpoint.StructureHash,
        ["blocks"] = new JsonArray([.. config.Blocks.Select(block => new JsonObject
        {
            ["heads"] = block.Heads,
            ["keyValueHeads"] = block.KeyValueHeads,
            ["neurons"] = block.Neurons,
        })]),
    };

    private static void Show(Terminal terminal, Checkpoint checkpoint, ModelConfig config, ParameterCount parameters)
    {
        var facts = new Table().Border(TableBorder.Rounded).AddColumns("model", Markup.Escape(checkpoint.Folder));
        facts.AddRow("architecture", config.Architecture.ModelType);
        facts.AddRow("parameters", Quantity.Count(parameters.Total));
        facts.AddRow("of which prunable", $"{Quantity.Count(parameters.Prunable)} ({Quantity.Share((double)parameters.Prunable / parameters.Total)})");
        facts.AddRow("weights", $"{Quantity.Bytes(checkpoint.WeightFileBytes)}, {string.Join(", ", ElementTypes(checkpoint))}");
        facts.AddRow("hidden size, head dimension", $"{Quantity.Count(config.HiddenSize)}, {config.HeadDim}");
        facts.AddRow("vocabulary", $"{Quantity.Count(config.VocabularySize)}{(config.TiedEmbeddings ? ", head tied to the embedding" : "")}");
        facts.AddRow("context", Quantity.Count(config.ContextLength));
        terminal.Tables.Write(facts);

        var blocks = new Table().Border(TableBorder.Rounded).AddColumns("blocks", "heads", "KV heads", "neurons", "window", "KV group", "neuron");
        foreach ((int first, int last) in EqualRuns(config))
        {
            BlockShape shape = config.Blocks[first];
            blocks.AddRow(
                first == last ? Number(first) : $"{Number(first)}–{Number(last)}",
                Number(shape.Heads),
                Number(shape.KeyValueHeads),
                Quantity.Count(shape.Neurons),
                config.SlidingWindows[first] is { } window ? Quantity.Count(window) : "all",
                shape.HasAttention ? Quantity.Count(ParameterCounter.PrunableOf(config, new Unit(UnitKind.KeyValueGroup, first, 0))) : "-",
                shape.HasMlp ? Quantity.Count(ParameterCounter.PrunableOf(config, new Unit(UnitKind.Neuron, first, 0))) : "-");
        }

        terminal.Tables.Write(blocks);
        terminal.Output.WriteLine("The last two columns are the prunable parameters that one unit holds.");
    }

    private static IEnumerable<string> ElementTypes(Checkpoint checkpoint) =>
        checkpoint.Tensors.Select(tensor => tensor.DataType.ToString()).Distinct().Order(StringComparer.Ordinal);

    /// <summary>Ranges of consecutive blocks of equal shape and window.</summary>
    private static IEnumerable<(int First, int Last)> EqualRuns(ModelConfig config)
    {
        int first = 0;
        for (int block = 1; block <= config.Blocks.Count; block++)
        {
            if (block == config.Blocks.Count || config.Blocks[block] != config.Blocks[first] || config.SlidingWindows[block] != config.SlidingWindows[first])
            {
                yield return (first, block - 1);
                first = block;
            }
        }
    }

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
