namespace Niwaki.Kernels.Cpu;

/// <summary>Gradients of attention: the entry that picks the register width.</summary>
internal static class AttentionGradient
{
    /// <summary>Computes all heads of the sequences.</summary>
    public static void Run(ThreadTeam team, AttentionShape shape, AttentionGradientSequence[] sequences, KernelPath path)
    {
        if (sequences.Length == 0)
        {
            return;
        }

        switch (path)
        {
            case KernelPath.Avx512:
                new AttentionGradientJob<Lanes512>(shape, sequences, path).Run(team);
                break;
            case KernelPath.Avx2:
                new AttentionGradientJob<Lanes256>(shape, sequences, path).Run(team);
                break;
            default:
                new AttentionGradientJob<Lanes128>(shape, sequences, path).Run(team); // by software where the processor has none
                break;
        }
    }
}
