namespace Niwaki.Datasets;

/// <summary>One document of a collection of texts.</summary>
/// <param name="Name">Where it came from, for messages.</param>
/// <param name="Text">Its text.</param>
public readonly record struct TextDocument(string Name, string Text);
