namespace Niwaki.Tests.Structure;

/// <summary>One row of the table of layers.</summary>
/// <param name="Folder">The folder below <c>src/Niwaki</c>, and the namespace below <c>Niwaki</c>.</param>
/// <param name="Number">The layer; edges point to lower numbers.</param>
/// <param name="MayUse">The folders it may use. The same layer is not a permission.</param>
internal sealed record Layer(string Folder, int Number, IReadOnlyList<string> MayUse);
