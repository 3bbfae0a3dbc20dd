namespace Niwaki.Runs;

/// <summary>A line of a journal.</summary>
/// <param name="Key">Name of the evaluation, once in a journal.</param>
/// <param name="Record">Outcome of the evaluation.</param>
public readonly record struct JournalEntry(string Key, EvaluationRecord Record);
