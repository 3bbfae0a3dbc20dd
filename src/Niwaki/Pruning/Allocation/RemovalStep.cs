using Niwaki.Plans;

namespace Niwaki.Pruning.Allocation;

/// <summary>Units that go together: one unit, or as many as keep a width on its multiple.</summary>
/// <param name="Units">The units.</param>
/// <param name="Parameters">Prunable parameters that go with them.</param>
/// <param name="Score">Importance, mean over the units; the smallest goes first.</param>
/// <param name="Group">Which sub-layer the step belongs to; steps of one group go in their <paramref name="Order"/>.</param>
/// <param name="Order">Place among the steps of its group, counted from the first to go.</param>
public sealed record RemovalStep(IReadOnlyList<Unit> Units, long Parameters, double Score, int Group, int Order);
