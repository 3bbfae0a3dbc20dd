using System.Reflection.Metadata;

namespace Niwaki.Tests.Structure;

/// <summary>Names of types in an assembly.</summary>
internal static class CompiledNames
{
    /// <summary>Namespace and name, outer types first and joined by <c>+</c>.</summary>
    public static string FullName(MetadataReader reader, EntityHandle type)
    {
        (EntityHandle outer, string space, string name) = Describe(reader, type);
        return outer.IsNil ? (space.Length == 0 ? name : space + "." + name) : FullName(reader, outer) + "+" + name;
    }

    /// <summary>Namespace and name of the outermost type around a type.</summary>
    public static (string Namespace, string Name) Outermost(MetadataReader reader, EntityHandle type)
    {
        (EntityHandle outer, string space, string name) = Describe(reader, type);
        return outer.IsNil ? (space, name) : Outermost(reader, outer);
    }

    private static (EntityHandle Outer, string Namespace, string Name) Describe(MetadataReader reader, EntityHandle type)
    {
        if (type.Kind == HandleKind.TypeDefinition)
        {
            TypeDefinition definition = reader.GetTypeDefinition((TypeDefinitionHandle)type);
            return (definition.GetDeclaringType(), reader.GetString(definition.Namespace), reader.GetString(definition.Name));
        }

        TypeReference reference = reader.GetTypeReference((TypeReferenceHandle)type);
        EntityHandle outer = reference.ResolutionScope.Kind == HandleKind.TypeReference ? reference.ResolutionScope : default;
        return (outer, reader.GetString(reference.Namespace), reader.GetString(reference.Name));
    }
}
