using Niwaki.Plans;

namespace Niwaki.Pruning.Search;

/// <summary>Units removed together and what the model is worth without them.</summary>
/// <param name="Units">The units, in the order in which they went.</param>
/// <param name="Value">Value of the objective, in nats.</param>
internal sealed record UnitSet(IReadOnlyList<Unit> Units, double Value);
