namespace Niwaki.Tests.Structure;

/// <summary>One type names another in its compiled code: in a signature, a field, an attribute, a local variable or an instruction.</summary>
/// <remarks>Nested and compiler-generated types stand under the name of the outermost type around them.</remarks>
/// <param name="UserNamespace">Namespace of the type that uses.</param>
/// <param name="User">Name of the type that uses.</param>
/// <param name="UsedNamespace">Namespace of the type that is used.</param>
/// <param name="Used">Name of the type that is used.</param>
/// <param name="Member">The field or method called, such as <c>OpenRead(System.String)</c>; empty where the type itself is meant.</param>
internal sealed record TypeUse(string UserNamespace, string User, string UsedNamespace, string Used, string Member)
{
    /// <summary>The use as the message of a failing test shows it.</summary>
    public override string ToString() => $"{UserNamespace}.{User} uses {UsedNamespace}.{Used}{(Member.Length == 0 ? "" : "." + Member)}";
}
