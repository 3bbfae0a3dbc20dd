namespace Niwaki.Runs;

/// <summary>A kind of value in a recipe: its type, its range, its words.</summary>
/// <typeparam name="T">The type.</typeparam>
internal sealed class ScalarRule<T>
{
    /// <summary>The rule in words, to stand behind "expected".</summary>
    public required string Expected { get; init; }

    /// <summary>Reads a value; a value out of range can be read.</summary>
    public required ScalarParser<T> TryParse { get; init; }

    /// <summary>The value as a YAML scalar, exactly.</summary>
    public required Func<T, string> Format { get; init; }

    /// <summary>Whether a value is in range.</summary>
    public required Predicate<T> Holds { get; init; }

    /// <summary>A question that may help whoever wrote a value out of range; null without one.</summary>
    public Func<T, string?> ValueHint { get; init; } = _ => null;

    /// <summary>A question that may help whoever wrote a text that is no value; null without one.</summary>
    public Func<string, string?> TextHint { get; init; } = _ => null;
}
