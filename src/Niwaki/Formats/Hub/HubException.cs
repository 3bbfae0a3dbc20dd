namespace Niwaki.Formats.Hub;

/// <summary>A file could not be had from the hub.</summary>
/// <param name="message">What was asked for, what came, and the next step.</param>
/// <param name="innerException">The cause, if another error led to this one.</param>
public sealed class HubException(string message, Exception? innerException = null) : NiwakiException(message, innerException);
