namespace Niwaki.Formats.HuggingFace;

/// <content>Lists of objects.</content>
public sealed partial class ConfigDocument
{
    /// <summary>A list of objects, or null when the field is absent.</summary>
    /// <param name="name">Name of the field.</param>
    /// <exception cref="ModelFormatException">The field is not a list of objects.</exception>
    public IReadOnlyList<ConfigDocument>? GetObjectsOrNull(string name) => Find(name) is { } value ? ToList(name, value, ToObject) : null;
}
