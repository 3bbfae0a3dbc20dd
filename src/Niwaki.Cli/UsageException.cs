namespace Niwaki.Cli;

/// <summary>Arguments that parse but make no sense together.</summary>
internal sealed class UsageException(string message) : NiwakiException(message);
