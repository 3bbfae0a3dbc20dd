using Niwaki.Models;

namespace Niwaki.Plans;

/// <summary>A selection in the making: units are removed and restored one by one, and the removed parameters are known at any time.</summary>
/// <remarks>
/// Removals of different kinds do not mix: restoring the attention of a block brings back the groups that were not removed by themselves.
/// Removing, restoring and asking take constant time. Not thread safe.
/// </remarks>
public sealed class SelectionBuilder
{
    private readonly BlockState[] _blocks;

    /// <summary>Starts with everything.</summary>
    /// <param name="source">The model.</param>
    public SelectionBuilder(ModelConfig source)
    {
        ArgumentNullException.ThrowIfNull(source);
        Source = source;
        _blocks = [.. source.Blocks.Select(shape => new BlockState(
            new SubLayerState(shape.KeyValueHeads, ParameterCounter.PrunableOf(source, shape, SubLayer.Attention)),
            new SubLayerState(shape.Neurons, ParameterCounter.PrunableOf(source, shape, SubLayer.Mlp))))];
    }

    /// <summary>A model without some units.</summary>
    /// <param name="source">The model.</param>
    /// <param name="removed">Units of it.</param>
    /// <exception cref="ArgumentOutOfRangeException">The model has no such unit.</exception>
    public static ModelSelection Without(ModelConfig source, IEnumerable<Unit> removed)
    {
        var builder = new SelectionBuilder(source);
        builder.Remove(removed);
        return builder.Build();
    }

    /// <summary>The model that units are removed from.</summary>
    public ModelConfig Source { get; }

    /// <summary>Prunable parameters of all that is removed; what is removed twice, such as a neuron of a removed MLP, counts once.</summary>
    public long RemovedPrunable { get; private set; }

    /// <summary>Removes a unit.</summary>
    /// <param name="unit">A unit of the source.</param>
    /// <returns>False if the unit was removed before.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The model has no such unit.</exception>
    public bool Remove(Unit unit) => Set(unit, removed: true);

    /// <summary>Removes units; those that are gone already stay gone.</summary>
    /// <param name="units">Units of the source.</param>
    /// <exception cref="ArgumentOutOfRangeException">The model has no such unit.</exception>
    public void Remove(IEnumerable<Unit> units)
    {
        ArgumentNullException.ThrowIfNull(units);
        foreach (Unit unit in units)
        {
            Remove(unit);
        }
    }

    /// <summary>Takes the removal of a unit back.</summary>
    /// <param name="unit">A unit of the source.</param>
    /// <returns>False if the unit was not removed; it may still be gone with its sub-layer or block.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The model has no such unit.</exception>
    public bool Restore(Unit unit) => Set(unit, removed: false);

    /// <summary>Whether something of a unit stays.</summary>
    /// <param name="unit">A unit of the source.</param>
    /// <exception cref="ArgumentOutOfRangeException">The model has no such unit.</exception>
    public bool Contains(Unit unit)
    {
        Unit.ThrowIfMissing(Source, unit);
        BlockState block = _blocks[unit.Block];
        return !block.IsRemoved && unit.Kind switch
        {
            UnitKind.Neuron => block.Mlp.Keeps(unit.Index),
            UnitKind.KeyValueGroup => block.Attention.Keeps(unit.Index),
            UnitKind.Attention => block.Attention.KeptCount > 0,
            UnitKind.Mlp => block.Mlp.KeptCount > 0,
            _ => block.Attention.KeptCount + block.Mlp.KeptCount > 0,
        };
    }

    /// <summary>The selection as it stands: a sub-layer without units is gone, a block without both sub-layers too.</summary>
    public ModelSelection Build() => new(Source, [.. _blocks.Select((block, i) => BuildBlock(block, Source.Blocks[i].HeadsPerGroup))]);

    private static BlockSelection BuildBlock(BlockState block, int headsPerGroup)
    {
        int[] groups = block.IsRemoved ? [] : block.Attention.Kept();
        int[] heads = [.. groups.SelectMany(group => Enumerable.Range(group * headsPerGroup, headsPerGroup))];
        return new BlockSelection(heads, groups, block.IsRemoved ? [] : block.Mlp.Kept());
    }

    private bool Set(Unit unit, bool removed)
    {
        Unit.ThrowIfMissing(Source, unit);
        BlockState block = _blocks[unit.Block];
        long before = block.RemovedPrunable;
        bool changed = unit.Kind switch
        {
            UnitKind.Neuron => block.Mlp.Set(unit.Index, removed),
            UnitKind.KeyValueGroup => block.Attention.Set(unit.Index, removed),
            UnitKind.Attention => block.Attention.SetAll(removed),
            UnitKind.Mlp => block.Mlp.SetAll(removed),
            _ => block.Set(removed),
        };
        RemovedPrunable += block.RemovedPrunable - before;
        return changed;
    }

    /// <summary>What is removed of one block.</summary>
    private sealed class BlockState(SubLayerState attention, SubLayerState mlp)
    {
        public SubLayerState Attention { get; } = attention;

        public SubLayerState Mlp { get; } = mlp;

        public bool IsRemoved { get; private set; }

        public long RemovedPrunable =>
            IsRemoved ? Attention.Prunable + Mlp.Prunable : Attention.RemovedPrunable + Mlp.RemovedPrunable;

        public bool Set(bool removed)
        {
            bool changed = IsRemoved != removed;
            IsRemoved = removed;
            return changed;
        }
    }

    /// <summary>What is removed of one sub-layer, whose units all own the same number of parameters.</summary>
    private sealed class SubLayerState(int unitCount, long prunable)
    {
        private readonly bool[] _removed = new bool[unitCount];
        private int _removedCount;
        private bool _allRemoved;

        public long Prunable { get; } = prunable;

        public long RemovedPrunable => _removed.Length == 0 ? 0 : Prunable / _removed.Length * (_removed.Length - KeptCount);

        public int KeptCount => _allRemoved ? 0 : _removed.Length - _removedCount;

        public bool Keeps(int unit) => !_allRemoved && !_removed[unit];

        public int[] Kept() => [.. Enumerable.Range(0, _removed.Length).Where(Keeps)];

        public bool Set(int unit, bool removed)
        {
            if (_removed[unit] == removed)
            {
                return false;
            }

            _removed[unit] = removed;
            _removedCount += removed ? 1 : -1;
            return true;
        }

        public bool SetAll(bool removed)
        {
            bool changed = _allRemoved != removed;
            _allRemoved = removed;
            return changed;
        }
    }
}
