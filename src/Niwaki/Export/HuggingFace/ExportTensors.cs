using Niwaki.Formats.HuggingFace;
using Niwaki.Formats.Safetensors;
using Niwaki.Models;
using Niwaki.Tensors;

namespace Niwaki.Export.HuggingFace;

/// <summary>The tensors of an exported folder: those of the source, filled up with zeros to the sizes that a profile wants.</summary>
/// <remarks>
/// Zeros change nothing: a query head that was added has zero columns in o, a KV head that was added is read by such heads only, and a neuron that was
/// added has a zero column in down. Query heads stay in the order of their groups: query head h reads KV head h / (heads / KV heads).
/// </remarks>
internal sealed class ExportTensors
{
    // Every role there is: what a model has beyond its features, stock software does not expect.
    private static readonly HashSet<string> KnownSuffixes =
        [.. BlockTensor.Of(new BlockFeatures(true, true, true, true), new BlockShape(1, 1, 1)).Select(tensor => tensor.Suffix)];

    private readonly Checkpoint _source;
    private readonly ModelConfig _config;
    private readonly ElementType _zeroType;

    private ExportTensors(Checkpoint source, ModelConfig config)
    {
        _source = source;
        _config = config;
        _zeroType = source.Require(TensorNames.Embedding, config.VocabularySize, config.HiddenSize).ElementType!.Value;
    }

    /// <summary>The tensors, those outside the blocks first.</summary>
    /// <param name="source">The model.</param>
    /// <param name="config">Its config.</param>
    /// <param name="shapes">Sizes of every block in the folder.</param>
    /// <param name="features">Optional tensors of the blocks in the folder; at least those of the model.</param>
    public static IReadOnlyList<ExportTensor> Of(Checkpoint source, ModelConfig config, IReadOnlyList<BlockShape> shapes, BlockFeatures features)
    {
        var tensors = new ExportTensors(source, config);
        return
        [
            .. source.Tensors.Where(entry => !IsBlockTensor(entry.Name)).Select(entry => new ExportTensor(PlannedTensor.CopyOf(entry)) { CopyOf = entry.Name }),
            .. Enumerable.Range(0, shapes.Count).SelectMany(block => BlockTensor.Of(features, shapes[block]).Select(tensor => tensors.Make(tensor, block, shapes[block]))),
        ];
    }

    private static bool IsBlockTensor(string name) =>
        name.StartsWith(TensorNames.BlockPrefix, StringComparison.Ordinal) && KnownSuffixes.Any(suffix => name.EndsWith('.' + suffix, StringComparison.Ordinal));

    private ExportTensor Make(BlockTensor tensor, int block, BlockShape shape)
    {
        BlockShape stored = _config.Blocks[block];
        string name = tensor.NameIn(block);
        long rows = _config.Extent(tensor.Rows, shape);
        long[] dimensions = tensor.Columns is { } axis ? [rows, _config.Extent(axis, shape)] : [rows];
        if (!stored.Has(tensor.SubLayer) || !_config.Features.Has(tensor.Role))
        {
            return new ExportTensor(new PlannedTensor(name, _zeroType, dimensions));
        }

        int[]? rowMap = Map(tensor.Rows, stored, shape), columnMap = tensor.Columns is { } columns ? Map(columns, stored, shape) : null;
        int storedRows = _config.Extent(tensor.Rows, stored);
        if (tensor.Columns is not { } inputs)
        {
            // A vector is a matrix of one row.
            ElementType vectorType = _source.Require(name, storedRows).ElementType!.Value;
            return new ExportTensor(new PlannedTensor(name, vectorType, dimensions)) { Stored = () => _source.Borrow(name, storedRows), Columns = rowMap };
        }

        int storedColumns = _config.Extent(inputs, stored);
        ElementType type = _source.Require(name, storedRows, storedColumns).ElementType!.Value;
        return new ExportTensor(new PlannedTensor(name, type, dimensions))
        {
            Stored = () => _source.Borrow(name, storedRows, storedColumns),
            Rows = rowMap,
            Columns = columnMap,
        };
    }

    /// <summary>For every channel along an axis the stored one, or -1 for zero; null where nothing is added.</summary>
    private int[]? Map(UnitAxis axis, BlockShape stored, BlockShape shape)
    {
        int[]? units = axis switch
        {
            UnitAxis.Heads => Heads(stored, shape),
            UnitAxis.KeyValueHeads => First(stored.KeyValueHeads, shape.KeyValueHeads),
            UnitAxis.Neurons => First(stored.Neurons, shape.Neurons),
            _ => null,
        };
        return units is null || (units.Length == _config.Extent(axis, stored) / PerUnit(axis) && units.Index().All(pair => pair.Item == pair.Index))
            ? null
            : [.. units.SelectMany(unit => Enumerable.Range(0, PerUnit(axis)).Select(channel => unit < 0 ? -1 : (unit * PerUnit(axis)) + channel))];
    }

    private int PerUnit(UnitAxis axis) => axis == UnitAxis.Neurons ? 1 : _config.HeadDim;

    private static int[] Heads(BlockShape stored, BlockShape shape) =>
    [
        .. Enumerable.Range(0, shape.Heads).Select(head =>
        {
            int group = head / shape.HeadsPerGroup, place = head % shape.HeadsPerGroup;
            return group < stored.KeyValueHeads && place < stored.HeadsPerGroup ? (group * stored.HeadsPerGroup) + place : -1;
        }),
    ];

    private static int[] First(int stored, int count) => [.. Enumerable.Range(0, count).Select(unit => unit < stored ? unit : -1)];
}
