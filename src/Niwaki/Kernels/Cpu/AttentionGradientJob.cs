namespace Niwaki.Kernels.Cpu;

/// <summary>Gradients of attention on a team: a ticket is one key head of one sequence with all query heads that read it.</summary>
/// <typeparam name="TLanes">Register of the softmax; belongs to the path of the micro-kernel.</typeparam>
internal sealed unsafe class AttentionGradientJob<TLanes>(AttentionShape shape, AttentionGradientSequence[] sequences, KernelPath path) : ITeamJob
    where TLanes : unmanaged, ILanes<TLanes>
{
    private float* _scratch;
    private long _floatsOfMember;

    /// <summary>Computes everything.</summary>
    public void Run(ThreadTeam team)
    {
        int longest = 0;
        foreach (ref readonly AttentionGradientSequence sequence in sequences.AsSpan())
        {
            longest = Math.Max(longest, sequence.Query.Rows);
        }

        _floatsOfMember = AttentionGradientTile<TLanes>.Floats(shape, path, longest);
        _scratch = (float*)team.Scratch(checked(sizeof(float) * team.Size * _floatsOfMember));
        team.Run(this);
    }

    /// <inheritdoc />
    public void Execute(ThreadTeam team, int member)
    {
        int tickets = checked(sequences.Length * shape.KeyValueHeads);
        while (team.TryTake(member, tickets, out int ticket))
        {
            ref readonly AttentionGradientSequence sequence = ref sequences[ticket / shape.KeyValueHeads];
            if (sequence.Query.Rows == 0)
            {
                continue;
            }

            int keyHead = ticket % shape.KeyValueHeads;
            var tile = new AttentionGradientTile<TLanes>(shape, path, _scratch + (member * _floatsOfMember), in sequence, keyHead);
            for (int head = keyHead * shape.Group; head < (keyHead + 1) * shape.Group; head++)
            {
                for (int query = 0; query < sequence.Query.Rows; query += path.PanelColumns())
                {
                    tile.Compute(in sequence, head, query);
                }
            }

            tile.Finish(in sequence, keyHead);
        }
    }
}
