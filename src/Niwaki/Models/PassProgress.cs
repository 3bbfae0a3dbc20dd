namespace Niwaki.Models;

/// <summary>How far passes over windows are.</summary>
/// <param name="Done">Share that is done, 0 to 1.</param>
/// <param name="Tokens">Tokens that passed so far; those on their way by the share of the blocks behind them.</param>
/// <param name="LossNats">Mean loss of the windows that are done, in nats per token; null where there is none yet, or no loss is computed.</param>
public sealed record PassProgress(double Done, long Tokens, double? LossNats = null);
