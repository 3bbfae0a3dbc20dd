using Niwaki.Tensors;

namespace Niwaki.Models;

/// <summary>The units of a whole model that stay: one entry for every block of the source.</summary>
public sealed class ModelSelection
{
    /// <summary>Checks and keeps a selection.</summary>
    /// <param name="source">The model that the indices refer to.</param>
    /// <param name="blocks">One entry for every block of the source.</param>
    /// <exception cref="ArgumentException">
    /// The number of entries is wrong, an index is out of range, repeated or not ascending, a query head stays without its key and value head,
    /// or key and value heads of one block keep different numbers of query heads.
    /// </exception>
    public ModelSelection(ModelConfig source, IReadOnlyList<BlockSelection> blocks)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(blocks);
        if (blocks.Count != source.Blocks.Count)
        {
            throw new ShapeMismatchException(nameof(blocks), $"[{blocks.Count}]", $"[{source.Blocks.Count}]");
        }

        for (int i = 0; i < blocks.Count; i++)
        {
            Check(i, source.Blocks[i], blocks[i]);
        }

        Blocks = [.. blocks];
    }

    /// <summary>One entry for every block of the source.</summary>
    public IReadOnlyList<BlockSelection> Blocks { get; }

    /// <summary>Source indices of the blocks of which something stays, ascending.</summary>
    public IReadOnlyList<int> KeptBlocks => [.. Enumerable.Range(0, Blocks.Count).Where(i => !Blocks[i].IsEmpty)];

    /// <summary>Everything of a model.</summary>
    /// <param name="source">The model.</param>
    public static ModelSelection All(ModelConfig source)
    {
        ArgumentNullException.ThrowIfNull(source);
        return new ModelSelection(source, [.. source.Blocks.Select(BlockSelection.All)]);
    }

    private static void Check(int block, BlockShape source, BlockSelection kept)
    {
        CheckIndices(block, "query heads", kept.Heads, source.Heads);
        CheckIndices(block, "key and value heads", kept.KeyValueHeads, source.KeyValueHeads);
        CheckIndices(block, "neurons", kept.Neurons, source.Neurons);
        int ratio = kept.Shape.HeadsPerGroup;
        int[] perGroup = new int[source.KeyValueHeads];
        foreach (int head in kept.Heads)
        {
            perGroup[head / source.HeadsPerGroup]++;
        }

        for (int group = 0; group < perGroup.Length; group++)
        {
            int expected = kept.KeyValueHeads.Contains(group) ? ratio : 0;
            if (perGroup[group] != expected || (ratio == 0 && kept.KeyValueHeads.Length > 0))
            {
                throw new ArgumentException(
                    $"Block {block} keeps {perGroup[group]} query heads of key and value head {group}, expected {expected}: "
                    + "every key and value head that stays keeps the same number of query heads, one that goes keeps none.",
                    nameof(kept));
            }
        }
    }

    private static void CheckIndices(int block, string what, int[] indices, int count)
    {
        int previous = -1;
        foreach (int index in indices)
        {
            if (index <= previous || index >= count)
            {
                throw new ArgumentException(
                    $"Block {block} keeps {what} index {index} after {previous}, expected ascending indices from 0 to {count - 1}.", nameof(indices));
            }

            previous = index;
        }
    }
}
