namespace Niwaki.Tests.Structure;

/// <summary>A type as the compiler wrote it, nested types included.</summary>
/// <param name="Namespace">Namespace; that of the outermost type for a nested one.</param>
/// <param name="Name">Full name; nested types follow their outer type after a <c>+</c>.</param>
/// <param name="IsInterface">Whether it is an interface.</param>
/// <param name="IsAbstract">Whether no object of exactly this type can exist.</param>
/// <param name="BaseTypes">Full names of the base type and of all interfaces.</param>
internal sealed record CompiledType(string Namespace, string Name, bool IsInterface, bool IsAbstract, IReadOnlyList<string> BaseTypes);
