namespace Niwaki.Tokenizers.Chat;

/// <summary>Something a template can call.</summary>
/// <param name="run">The run at hand.</param>
/// <param name="arguments">Arguments by position.</param>
/// <param name="named">Arguments by name.</param>
internal delegate object? JinjaFunction(JinjaRun run, IReadOnlyList<object?> arguments, JinjaMap named);
