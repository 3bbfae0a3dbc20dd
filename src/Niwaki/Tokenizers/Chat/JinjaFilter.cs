namespace Niwaki.Tokenizers.Chat;

/// <summary>A filter: makes another value of one.</summary>
/// <param name="run">The run at hand.</param>
/// <param name="value">The value in front of the bar.</param>
/// <param name="arguments">Arguments by position.</param>
/// <param name="named">Arguments by name.</param>
internal delegate object? JinjaFilter(JinjaRun run, object? value, IReadOnlyList<object?> arguments, JinjaMap named);
