namespace Niwaki.Evaluation;

/// <summary>Two models that should be one are not, or cannot be compared.</summary>
/// <param name="message">What was found, what was expected, and the next step.</param>
public sealed class VerificationException(string message) : NiwakiException(message);
