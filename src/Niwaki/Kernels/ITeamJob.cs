namespace Niwaki.Kernels;

/// <summary>Work that every member of a <see cref="ThreadTeam"/> enters at once.</summary>
public interface ITeamJob
{
    /// <summary>The share of one member; runs on all members at the same time.</summary>
    /// <remarks>
    /// Members divide the work by <see cref="ThreadTeam.TryTake(int, int, out int)"/> and may meet at <see cref="ThreadTeam.Barrier"/>, all of them equally often.
    /// </remarks>
    /// <param name="team">The team that runs the job.</param>
    /// <param name="member">0 (the thread that called <see cref="ThreadTeam.Run"/>) to team size - 1.</param>
    public void Execute(ThreadTeam team, int member);
}
