using System.Globalization;
using Niwaki.Formats;
using Niwaki.Formats.HuggingFace;
using Niwaki.Formats.Safetensors;
using Niwaki.Models;
using Niwaki.Plans;
using Niwaki.Tensors;

namespace Niwaki.Pruning.Surgery;

/// <summary>Decides for every tensor of a source what becomes of it, before a byte is written.</summary>
/// <remarks>
/// Tensors of a block that the table of <see cref="BlockTensor"/> knows are cut, others of a kept block are copied; both under the new number of
/// their block. Those of a removed sub-layer and of a removed block are left out. Tensors outside the blocks are copied.
/// </remarks>
internal sealed class TensorMap
{
    private const string AttentionPrefix = "self_attn.";
    private const string MlpPrefix = "mlp.";

    // Every role there is, whatever the config says: a bias that the config forgot to mention must not keep its old length.
    private static readonly Dictionary<string, BlockTensor> BySuffix =
        BlockTensor.Of(new BlockFeatures(true, true, true, true), new BlockShape(1, 1, 1))
            .ToDictionary(tensor => tensor.Suffix, StringComparer.Ordinal);

    private readonly Checkpoint _source;
    private readonly ModelConfig _config;
    private readonly ModelSelection _selection;
    private readonly Dictionary<int, int> _newIndex;

    private TensorMap(Checkpoint source, ModelConfig config, ModelSelection selection)
    {
        _source = source;
        _config = config;
        _selection = selection;
        _newIndex = selection.KeptBlocks.Index().ToDictionary(pair => pair.Item, pair => pair.Index);
    }

    /// <summary>The tensors of the new model, in the order of the source.</summary>
    /// <exception cref="ModelFormatException">A tensor that stays is missing or has another shape than the config says.</exception>
    /// <exception cref="UnsupportedModelException">A tensor to be cut has an element type that cannot be read.</exception>
    public static IReadOnlyList<TensorCut> Of(Checkpoint source, ModelConfig config, ModelSelection selection)
    {
        var map = new TensorMap(source, config, selection);
        map.CheckComplete();
        return [.. source.Tensors.Select(map.Find).OfType<TensorCut>()];
    }

    private void CheckComplete()
    {
        foreach (int block in _newIndex.Keys)
        {
            foreach (BlockTensor tensor in BlockTensor.Of(_config.Features, _selection.Blocks[block].Shape))
            {
                Require(tensor, block);
            }
        }
    }

    private TensorCut? Find(SafetensorsEntry entry)
    {
        if (!TryParse(entry.Name, out int block, out string suffix))
        {
            return new TensorCut(entry.Name, PlannedTensor.CopyOf(entry));
        }

        if (block >= _config.Blocks.Count)
        {
            throw new ModelFormatException(
                _source.Folder,
                $"tensor '{MessageText.Shown(entry.Name)}'",
                $"belongs to block {block}",
                $"one of the {_config.Blocks.Count} blocks of config.json",
                nextStep: "Remove the tensor, or correct 'num_hidden_layers'.");
        }

        BlockTensor? known = BySuffix.GetValueOrDefault(suffix);
        bool isGone = SubLayerOf(known, suffix) is { } subLayer && !_selection.Blocks[block].Shape.Has(subLayer);
        if (isGone || !_newIndex.TryGetValue(block, out int index))
        {
            return null;
        }

        string name = NameOf(index, suffix);
        return known is null ? new TensorCut(entry.Name, PlannedTensor.CopyOf(entry, name)) : Cut(entry, known, block, name);
    }

    private TensorCut Cut(SafetensorsEntry entry, BlockTensor tensor, int block, string name)
    {
        ElementType elementType = Require(tensor, block).ElementType!.Value;
        int[]? rows = Kept(tensor.Rows, block);
        int[]? columns = tensor.Columns is { } axis ? Kept(axis, block) : null;
        if (rows is null && columns is null)
        {
            return new TensorCut(entry.Name, PlannedTensor.CopyOf(entry, name));
        }

        if (!tensor.IsMatrix)
        {
            // A vector is a matrix of one row.
            return new TensorCut(entry.Name, new PlannedTensor(name, elementType, rows!.Length)) { Columns = IndexRange.Of(rows) };
        }

        return new TensorCut(entry.Name, new PlannedTensor(name, elementType, rows?.Length ?? entry.Shape[0], columns?.Length ?? entry.Shape[1]))
        {
            Rows = rows is null ? null : IndexRange.Of(rows),
            Columns = columns is null ? null : IndexRange.Of(columns),
        };
    }

    /// <summary>Rows or columns that stay along an axis, or null where all do.</summary>
    private int[]? Kept(UnitAxis axis, int block)
    {
        int[]? channels = _selection.Blocks[block].Channels(axis, _config.HeadDim);
        return channels?.Length == _config.Extent(axis, _config.Blocks[block]) ? null : channels;
    }

    private SafetensorsEntry Require(BlockTensor tensor, int block)
    {
        BlockShape shape = _config.Blocks[block];
        int rows = _config.Extent(tensor.Rows, shape);
        return tensor.Columns is { } columns
            ? _source.Require(tensor.NameIn(block), rows, _config.Extent(columns, shape))
            : _source.Require(tensor.NameIn(block), rows);
    }

    private static SubLayer? SubLayerOf(BlockTensor? known, string suffix) =>
        known?.SubLayer
        ?? (suffix.StartsWith(AttentionPrefix, StringComparison.Ordinal) ? SubLayer.Attention
            : suffix.StartsWith(MlpPrefix, StringComparison.Ordinal) ? SubLayer.Mlp
            : null);

    /// <summary>Takes <c>model.layers.12.mlp.up_proj.weight</c> apart into 12 and <c>mlp.up_proj.weight</c>.</summary>
    private static bool TryParse(string name, out int block, out string suffix)
    {
        block = 0;
        suffix = "";
        if (!name.StartsWith(TensorNames.BlockPrefix, StringComparison.Ordinal))
        {
            return false;
        }

        int start = TensorNames.BlockPrefix.Length;
        int end = name.IndexOf('.', start);
        if (end < 0 || !int.TryParse(name.AsSpan(start, end - start), NumberStyles.None, CultureInfo.InvariantCulture, out block))
        {
            return false;
        }

        // '01' is no index that anybody writes; taken for 1 it would give two tensors one name.
        suffix = name[(end + 1)..];
        return NameOf(block, suffix) == name;
    }

    private static string NameOf(int block, string suffix) => FormattableString.Invariant($"{TensorNames.BlockPrefix}{block}.{suffix}");
}
