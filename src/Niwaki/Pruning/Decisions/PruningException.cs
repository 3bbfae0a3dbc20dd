namespace Niwaki.Pruning.Decisions;

/// <summary>A method cannot do what its settings ask of it on this model.</summary>
/// <param name="message">What was found, what was expected, and the next step.</param>
public sealed class PruningException(string message) : NiwakiException(message);
