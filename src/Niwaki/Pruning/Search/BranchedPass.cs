using Niwaki.Models;
using Niwaki.Plans;

namespace Niwaki.Pruning.Search;

/// <summary>One pass of a set of windows through a reduced model, from which sub-models without one unit more branch off where they differ.</summary>
/// <remarks>
/// A sub-model equals the trunk up to the block of its unit, so its branch starts there with a copy of the trunk's residual stream. All branches of
/// a group go through a block together with the trunk: the weights are read once for the whole group. The trunk waits where the next group starts.
/// </remarks>
internal sealed class BranchedPass : IDisposable
{
    private readonly Transformer _model;
    private readonly IReadOnlyList<int[]> _windows;
    private readonly ResidualStream _stream;
    private readonly IReadOnlyCollection<Unit> _removed;
    private readonly ModelGates _closed;
    private int _reached;

    /// <summary>Embeds the windows.</summary>
    /// <param name="model">The model.</param>
    /// <param name="windows">Token ids.</param>
    /// <param name="removed">Blocks and sub-layers that the trunk lacks.</param>
    /// <param name="branches">Most branches of a group; the memory is that of so many passes and one.</param>
    public BranchedPass(Transformer model, IReadOnlyList<int[]> windows, IReadOnlyCollection<Unit> removed, int branches)
    {
        _model = model;
        _windows = windows;
        _removed = removed;
        _closed = new ModelGates(model.Config.Blocks.Count);
        for (int block = 0; block < model.Config.Blocks.Count; block++)
        {
            _closed[block].CloseBlock();
        }

        _stream = model.Embed([.. Enumerable.Repeat(windows, branches + 1).SelectMany(copy => copy)]);
    }

    /// <summary>Takes a group of branches behind the last block.</summary>
    /// <param name="group">The unit that each branch lacks; blocks ascend, in the group and from group to group.</param>
    /// <returns>The stream of all branches, group × windows, in the memory of this object.</returns>
    public ResidualStream Run(IReadOnlyList<Unit> group)
    {
        int blocks = _model.Config.Blocks.Count;
        ModelGates trunk = Gates(_removed);
        ModelGates[] branches = [.. group.Select(unit => Gates([.. _removed, unit]))];
        bool[] started = new bool[group.Count];
        int trunkEnd = group[^1].Block;
        for (int block = Math.Min(_reached, group[0].Block); block < blocks; block++)
        {
            for (int i = 0; i < group.Count; i++)
            {
                if (group[i].Block == block)
                {
                    _stream.CopyWindows(0, (i + 1) * _windows.Count, _windows.Count);
                    started[i] = true;
                }
            }

            bool trunkRuns = block >= _reached && block < trunkEnd;
            RunBlock(block, [trunkRuns ? trunk : _closed, .. branches.Select((gates, i) => started[i] ? gates : _closed)]);
        }

        _reached = trunkEnd;
        return _stream.Part(_windows.Count, group.Count * _windows.Count);
    }

    /// <inheritdoc />
    public void Dispose() => _stream.Dispose();

    private void RunBlock(int block, IReadOnlyList<ModelGates> gates)
    {
        if (gates.All(each => each.Find(block) is { Attention: false, Mlp: false }))
        {
            return;
        }

        var perWindow = new ModelGates?[_stream.Windows.Count];
        Array.Fill(perWindow, _closed);
        for (int i = 0; i < gates.Count; i++)
        {
            perWindow.AsSpan(i * _windows.Count, _windows.Count).Fill(gates[i]);
        }

        _model.RunBlocks(_stream, block, block + 1, perWindow);
    }

    private ModelGates Gates(IReadOnlyCollection<Unit> removed)
    {
        var gates = new ModelGates(_model.Config.Blocks.Count);
        foreach (Unit unit in removed)
        {
            BlockGates block = gates[unit.Block];
            block.Attention &= unit.Kind == UnitKind.Mlp;
            block.Mlp &= unit.Kind == UnitKind.Attention;
        }

        return gates;
    }
}
