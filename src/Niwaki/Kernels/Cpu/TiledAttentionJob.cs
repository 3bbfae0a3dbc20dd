namespace Niwaki.Kernels.Cpu;

/// <summary>Attention of many queries on a team, in waves: the members pack the keys and values of some key heads, meet, and take panels of queries.</summary>
/// <remarks>
/// A wave holds as many key heads as fit its scratch memory, at least one. Of a head the longest panels (the last queries) are taken first.
/// What a panel computes depends on nothing but its own sequence: same bits for any team and any batch.
/// </remarks>
/// <typeparam name="TLanes">Register of the softmax; belongs to the path of the micro-kernel.</typeparam>
internal sealed unsafe class TiledAttentionJob<TLanes> : ITeamJob
    where TLanes : unmanaged, ILanes<TLanes>
{
    private const int PackKeys = 4 * PackedKeyHead.TileRows;

    private readonly AttentionShape _shape;
    private readonly AttentionSequence[] _sequences;
    private readonly KernelPath _path;
    private readonly List<PackedKeyHead> _wave = [];
    private float* _scratch;
    private int _mostKeys;
    private int _mostQueries;

    /// <summary>Describes the work.</summary>
    /// <param name="shape">Heads, head dimension, scale and window.</param>
    /// <param name="sequences">The sequences, checked.</param>
    /// <param name="path">The micro-kernel.</param>
    public TiledAttentionJob(AttentionShape shape, AttentionSequence[] sequences, KernelPath path)
    {
        _shape = shape;
        _sequences = sequences;
        _path = path;
    }

    /// <summary>Computes everything, wave after wave.</summary>
    /// <param name="team">The team.</param>
    /// <param name="waveFloats">Packed keys and values held at a time, unless one key head alone needs more.</param>
    public void Run(ThreadTeam team, long waveFloats)
    {
        int heads = checked(_sequences.Length * _shape.KeyValueHeads);
        for (int first = 0; first < heads; first += _wave.Count)
        {
            long floats = 0;
            _wave.Clear();
            for (int head = first; head < heads; head++)
            {
                var next = new PackedKeyHead(head / _shape.KeyValueHeads, head % _shape.KeyValueHeads);
                long needed = PackedKeyHead.Floats(_sequences[next.Sequence].Key.Rows, _shape.HeadDim);
                if (head > first && floats + needed > waveFloats)
                {
                    break;
                }

                floats += needed;
                _wave.Add(next);
            }

            Place(team, floats);
            team.Run(this);
        }
    }

    /// <inheritdoc />
    public void Execute(ThreadTeam team, int member)
    {
        int sequences = _wave[^1].Sequence - _wave[0].Sequence + 1;
        int chunks = WorkDivision.CeilingDivide(_mostKeys, PackKeys);
        while (team.TryTake(member, sequences * chunks, out int ticket))
        {
            Pack(_wave[0].Sequence + (ticket / chunks), ticket % chunks * PackKeys);
        }

        team.Barrier();
        var tile = new AttentionTile<TLanes>(_shape, _path, _scratch + (member * AttentionTile<TLanes>.Floats(_shape, _path)));
        int width = _path.PanelColumns();
        int panels = WorkDivision.CeilingDivide(_mostQueries, width);
        int heads = _wave.Count * _shape.Group;
        while (team.TryTake(member, panels * heads, out int ticket))
        {
            int head = ticket / panels;
            Compute(in tile, _wave[head / _shape.Group], head % _shape.Group, (panels - 1 - (ticket % panels)) * width);
        }
    }

    private void Place(ThreadTeam team, long floats)
    {
        long tileFloats = team.Size * AttentionTile<TLanes>.Floats(_shape, _path);
        _scratch = (float*)team.Scratch(checked(sizeof(float) * (tileFloats + floats)));
        _mostKeys = 0;
        _mostQueries = 0;
        float* next = _scratch + tileFloats;
        foreach (PackedKeyHead head in _wave)
        {
            int keys = _sequences[head.Sequence].Key.Rows;
            next = head.Place(next, keys, _shape.HeadDim);
            _mostKeys = Math.Max(_mostKeys, keys);
            _mostQueries = Math.Max(_mostQueries, _sequences[head.Sequence].Query.Rows);
        }
    }

    /// <summary>Packs some keys and values of one sequence, for all key heads of the wave: rows are read from end to end.</summary>
    private void Pack(int index, int first)
    {
        ref readonly AttentionSequence sequence = ref _sequences[index];
        int end = Math.Min(sequence.Key.Rows, first + PackKeys);
        foreach (PackedKeyHead head in _wave)
        {
            if (head.Sequence == index && first < end && HasGateOpen(head))
            {
                long column = (long)head.Head * _shape.HeadDim;
                head.Pack(
                    sequence.Key.Pointer + column, sequence.Key.RowStride, sequence.Value.Pointer + column, sequence.Value.RowStride, first, end);
            }
        }
    }

    private bool HasGateOpen(PackedKeyHead keyHead)
    {
        bool open = false;
        for (int i = 0; i < _shape.Group; i++)
        {
            open |= _sequences[keyHead.Sequence].Gate((keyHead.Head * _shape.Group) + i) != 0;
        }

        return open;
    }

    private void Compute(in AttentionTile<TLanes> tile, PackedKeyHead keys, int indexInGroup, int firstQuery)
    {
        ref readonly AttentionSequence sequence = ref _sequences[keys.Sequence];
        int head = (keys.Head * _shape.Group) + indexInGroup;
        int end = Math.Min(sequence.Query.Rows, firstQuery + _path.PanelColumns());
        if (sequence.Gate(head) != 0 && !keys.HasNonFiniteValues)
        {
            if (firstQuery < end)
            {
                tile.Compute(in sequence, keys, head, firstQuery);
            }

            return;
        }

        // A closed gate, or values whose product with a weight of 0 is not 0: query by query.
        for (int query = firstQuery; query < end; query++)
        {
            DirectAttention.Compute<TLanes>(_shape, in sequence, head, query);
        }
    }
}
