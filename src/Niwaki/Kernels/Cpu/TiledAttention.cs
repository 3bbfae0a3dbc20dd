namespace Niwaki.Kernels.Cpu;

/// <summary>Attention of many queries: the entry that picks the register width.</summary>
internal static class TiledAttention
{
    /// <summary>Packed keys and values held at a time: 16 MiB, a part of the last-level cache of a server and enough work for many members.</summary>
    private const long WaveFloats = 4 << 20;

    /// <summary>Computes all heads of the sequences.</summary>
    public static void Run(ThreadTeam team, AttentionShape shape, AttentionSequence[] sequences)
    {
        if (sequences.Length == 0)
        {
            return;
        }

        switch (KernelPaths.Best)
        {
            case KernelPath.Avx512:
                new TiledAttentionJob<Lanes512>(shape, sequences, KernelPath.Avx512).Run(team, WaveFloats);
                break;
            case KernelPath.Avx2:
                new TiledAttentionJob<Lanes256>(shape, sequences, KernelPath.Avx2).Run(team, WaveFloats);
                break;
            case KernelPath.AdvSimd:
                new TiledAttentionJob<Lanes128>(shape, sequences, KernelPath.AdvSimd).Run(team, WaveFloats);
                break;
            default:
                RunScalar(team, shape, sequences);
                break;
        }
    }

    /// <summary>The scalar twin on the team.</summary>
    internal static void RunScalar(ThreadTeam team, AttentionShape shape, AttentionSequence[] sequences) =>
        team.For(checked(sequences.Length * shape.Heads), 1, ticket =>
        {
            ref readonly AttentionSequence sequence = ref sequences[ticket / shape.Heads];
            for (int query = 0; query < sequence.Query.Rows; query++)
            {
                ScalarAttention.Compute(shape, in sequence, ticket % shape.Heads, query);
            }
        });
}
