using Niwaki.Plans;

namespace Niwaki.Pruning.Search;

/// <summary>What a model without one unit more is worth.</summary>
/// <param name="Unit">The unit.</param>
/// <param name="Value">Mean of the objective over the scored tokens, in nats.</param>
/// <param name="Seconds">Wall time, an equal share of the group's.</param>
internal readonly record struct RemovalOutcome(Unit Unit, double Value, double Seconds);
