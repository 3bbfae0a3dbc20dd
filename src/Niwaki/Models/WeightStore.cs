using Niwaki.Kernels;

namespace Niwaki.Models;

/// <summary>Packed weights of a model under a memory plan: some stay, the others are packed whenever a pass reaches them.</summary>
internal sealed class WeightStore : IDisposable
{
    private readonly WeightLoader _loader;
    private readonly BlockWeights?[] _resident;
    private readonly int _vocabularySize;
    private PackedWeights? _head;
    private PackedMemory? _memory;

    public WeightStore(WeightLoader loader, int blockCount, int vocabularySize, MemoryPlan plan)
    {
        _loader = loader;
        Plan = plan;
        _vocabularySize = vocabularySize;
        _resident = new BlockWeights?[blockCount];
    }

    public MemoryPlan Plan { get; }

    /// <summary>Packs what stays in memory, so that later passes start at once and faults of the file show now.</summary>
    public void LoadResident()
    {
        _memory = new PackedMemory(_loader.SharedBytes(Plan.ResidentBlocks, Plan.ResidentHead));
        for (int i = 0; i < Plan.ResidentBlocks; i++)
        {
            _resident[i] = _loader.LoadBlock(i, _memory);
        }

        if (Plan.ResidentHead)
        {
            _head = _loader.LoadHead(0, _vocabularySize, _memory);
        }
    }

    /// <summary>Lets an action use a block's weights; weights that do not stay are freed afterwards.</summary>
    public void UseBlock(int index, Action<BlockWeights> use)
    {
        if (_resident[index] is { } resident)
        {
            use(resident);
            return;
        }

        using BlockWeights passing = _loader.LoadBlock(index);
        use(passing);
    }

    /// <summary>Lets an action use the output head, piece by piece with the vocabulary id of each piece's first row.</summary>
    public void UseHead(Action<PackedWeights, int> use)
    {
        if (_head is not null)
        {
            use(_head, 0);
            return;
        }

        for (int first = 0; first < _vocabularySize; first += Plan.HeadPieceRows)
        {
            using PackedWeights piece = _loader.LoadHead(first, Math.Min(Plan.HeadPieceRows, _vocabularySize - first));
            use(piece, first);
        }
    }

    public void Dispose()
    {
        foreach (BlockWeights? block in _resident)
        {
            block?.Dispose();
        }

        _head?.Dispose();
        _memory?.Dispose();
    }
}
