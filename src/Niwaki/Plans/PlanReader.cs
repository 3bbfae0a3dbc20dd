using System.Globalization;
using System.Text.Json;
using Niwaki.Formats;
using Niwaki.Formats.HuggingFace;
using Niwaki.Models;

namespace Niwaki.Plans;

/// <summary>Reads a plan that may come from anybody: nothing in it is believed, and no more is allocated than the model has units.</summary>
internal sealed class PlanReader
{
    private static readonly string[] Fields =
    [
        PlanFields.Format, PlanFields.VersionField, PlanFields.Source, PlanFields.Method, PlanFields.Sparsity, PlanFields.Seed, PlanFields.Recipe,
        PlanFields.Blocks,
    ];

    private static readonly string[] SourceFields = [PlanFields.Name, PlanFields.StructureHash, PlanFields.ContentHash];

    private static readonly string[] BlockFields = [PlanFields.Block, PlanFields.Heads, PlanFields.KeyValueHeads, PlanFields.Neurons, PlanFields.OutputBias, PlanFields.DownBias];

    private readonly ConfigDocument _document;
    private readonly ModelConfig _source;

    private PlanReader(ConfigDocument document, ModelConfig source)
    {
        _document = document;
        _source = source;
    }

    public static PruningPlan Read(string path, ModelConfig source, string? structureHash) =>
        new PlanReader(ConfigDocument.Read(path), source).Read(structureHash);

    private PruningPlan Read(string? structureHash)
    {
        CheckVersion();
        CheckFields("", _document.Names, Fields);
        ConfigDocument model = _document.GetObject(PlanFields.Source);
        CheckFields($"{PlanFields.Source}.", model.Names, SourceFields);
        string name = model.GetString(PlanFields.Name);
        string found = model.GetString(PlanFields.StructureHash);
        if (structureHash is not null && found != structureHash)
        {
            throw Fault(
                $"{PlanFields.Source}.{PlanFields.StructureHash}",
                $"is {MessageText.Shown(found)}",
                $"{structureHash}, that of the model given",
                $"The plan was made for '{MessageText.Shown(name)}': give that model.");
        }

        return new PruningPlan
        {
            Method = _document.GetString(PlanFields.Method),
            Sparsity = _document.GetDouble(PlanFields.Sparsity, 0, 1),
            Seed = ReadSeed(),
            SourceName = name,
            SourceStructureHash = found,
            SourceContentHash = model.GetStringOrNull(PlanFields.ContentHash),
            Recipe = _document.GetStringOrNull(PlanFields.Recipe),
            Selection = ReadSelection(),
            Biases = ReadBiases(),
        };
    }

    private void CheckVersion()
    {
        if (_document.GetStringOrNull(PlanFields.Format) is not PlanFields.FormatName)
        {
            throw Fault(PlanFields.Format, "is missing or another", $"'{PlanFields.FormatName}'", "Give the plan.json of a run.");
        }

        int version = _document.GetInt32(PlanFields.VersionField, 1, int.MaxValue);
        if (version != PlanFields.Version)
        {
            throw new UnsupportedModelException(
                _document.File,
                $"'{PlanFields.VersionField}'",
                string.Create(CultureInfo.InvariantCulture, $"is {version}"),
                PlanFields.Version.ToString(CultureInfo.InvariantCulture),
                "A newer Niwaki wrote this plan: use that one.");
        }
    }

    private void CheckFields(string prefix, IEnumerable<string> names, string[] known)
    {
        if (names.FirstOrDefault(name => !known.Contains(name, StringComparer.Ordinal)) is { } unknown)
        {
            throw Fault(prefix + MessageText.Shown(unknown), "is no field of a plan", $"only {string.Join(", ", known.Select(name => $"'{name}'"))}");
        }
    }

    private long ReadSeed() =>
        _document.Root.TryGetProperty(PlanFields.Seed, out JsonElement value)
            && value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out long seed)
            ? seed
            : throw Fault(PlanFields.Seed, "is missing or no whole number of 64 bits", "a whole number");

    private ModelSelection ReadSelection()
    {
        JsonElement list = List(PlanFields.Blocks, _document.Root, PlanFields.Blocks);
        int count = list.GetArrayLength();
        if (count != _source.Blocks.Count)
        {
            throw Fault(PlanFields.Blocks, $"has {MessageText.Count(count)} entries", $"{_source.Blocks.Count}, one for every block of the model");
        }

        var blocks = new BlockSelection[count];
        for (int i = 0; i < count; i++)
        {
            blocks[i] = ReadBlock(i, list[i]);
        }

        try
        {
            return new ModelSelection(_source, blocks);
        }
        catch (ArgumentException error)
        {
            // Ranges were checked one by one; what is left is how heads and their groups fit together.
            throw new ModelFormatException(
                _document.File,
                $"'{PlanFields.Blocks}'",
                "has a block whose heads do not fit its key and value heads",
                "the same number of query heads for every key and value head that stays, and none for one that goes",
                innerException: error);
        }
    }

    private BlockSelection ReadBlock(int index, JsonElement block)
    {
        string item = string.Create(CultureInfo.InvariantCulture, $"{PlanFields.Blocks}[{index}]");
        if (block.ValueKind != JsonValueKind.Object)
        {
            throw Fault(item, $"is {MessageText.Shown(block)}", "an object");
        }

        CheckFields($"{item}.", block.EnumerateObject().Select(field => field.Name), BlockFields);
        bool isInPlace = block.TryGetProperty(PlanFields.Block, out JsonElement number)
            && number.ValueKind == JsonValueKind.Number && number.TryGetInt32(out int value) && value == index;
        if (!isInPlace)
        {
            string found = number.ValueKind == JsonValueKind.Undefined ? "is missing" : $"is {MessageText.Shown(number)}";
            throw Fault($"{item}.{PlanFields.Block}", found, $"{index}: blocks come in their order, none is left out");
        }

        BlockShape shape = _source.Blocks[index];
        return new BlockSelection(
            ReadIndices(item, block, PlanFields.Heads, shape.Heads),
            ReadIndices(item, block, PlanFields.KeyValueHeads, shape.KeyValueHeads),
            ReadIndices(item, block, PlanFields.Neurons, shape.Neurons));
    }

    /// <summary>The biases, of as many numbers as the hidden size has; the blocks were checked before.</summary>
    private OutputBiases? ReadBiases()
    {
        JsonElement list = List(PlanFields.Blocks, _document.Root, PlanFields.Blocks);
        OutputBiases? biases = null;
        for (int i = 0; i < _source.Blocks.Count; i++)
        {
            foreach ((string field, SubLayer subLayer) in (ReadOnlySpan<(string, SubLayer)>)[(PlanFields.OutputBias, SubLayer.Attention), (PlanFields.DownBias, SubLayer.Mlp)])
            {
                if (list[i].TryGetProperty(field, out JsonElement values))
                {
                    biases ??= new OutputBiases(_source);
                    biases.Set(i, subLayer, ReadBias(string.Create(CultureInfo.InvariantCulture, $"{PlanFields.Blocks}[{i}].{field}"), values));
                }
            }
        }

        return biases;
    }

    private float[] ReadBias(string item, JsonElement values)
    {
        if (values.ValueKind != JsonValueKind.Array || values.GetArrayLength() != _source.HiddenSize)
        {
            string found = values.ValueKind == JsonValueKind.Array ? $"has {MessageText.Count(values.GetArrayLength())} numbers" : "is no list";
            throw Fault(item, found, $"{_source.HiddenSize} numbers, the hidden size of the model");
        }

        return [.. values.EnumerateArray().Select(value =>
            value.ValueKind == JsonValueKind.Number && value.TryGetSingle(out float number) && float.IsFinite(number)
                ? number
                : throw Fault(item, $"has {MessageText.Shown(value)}", "finite numbers of 32 bits"))];
    }

    /// <summary>Indices from ranges that ascend inside [0, count), so that there are never more than count.</summary>
    private int[] ReadIndices(string block, JsonElement parent, string field, int count)
    {
        string item = $"{block}.{field}";
        var indices = new List<int>();
        int next = 0;
        foreach (JsonElement range in List(item, parent, field).EnumerateArray())
        {
            IndexRange read = ReadRange(item, range);
            if (read.First < next || read.Last < read.First || read.Last >= count)
            {
                string rule = count == 0
                    ? "no range: the block has none of these"
                    : string.Create(CultureInfo.InvariantCulture, $"ascending [first, last] with {next} ≤ first ≤ last ≤ {count - 1}");
                throw Fault(item, $"has {MessageText.Shown(range)}", rule);
            }

            indices.AddRange(Enumerable.Range(read.First, read.Count));
            next = read.Last + 1;
        }

        return [.. indices];
    }

    private IndexRange ReadRange(string item, JsonElement range)
    {
        bool isPair = range.ValueKind == JsonValueKind.Array && range.GetArrayLength() == 2;
        return isPair && TryGetIndex(range[0], out int first) && TryGetIndex(range[1], out int last)
            ? new IndexRange(first, last)
            : throw Fault(item, $"has {MessageText.Shown(range)}", "pairs of whole numbers [first, last]");
    }

    private static bool TryGetIndex(JsonElement value, out int index)
    {
        index = 0;
        return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out index);
    }

    private JsonElement List(string item, JsonElement parent, string field) =>
        parent.TryGetProperty(field, out JsonElement list) && list.ValueKind == JsonValueKind.Array
            ? list
            : throw Fault(item, "is missing or no list", "a list");

    private ModelFormatException Fault(string item, string found, string expected, string? nextStep = null) =>
        new(_document.File, $"'{item}'", found, expected, nextStep: nextStep);
}
