namespace Niwaki.Tests.Structure;

/// <summary>Rules about the types of an assembly.</summary>
internal static class TypeRules
{
    /// <summary>Interfaces with fewer than two implementations: an abstraction before its second user.</summary>
    /// <param name="types">All types in which implementations may lie.</param>
    public static IReadOnlyList<string> NeedlessInterfaces(IReadOnlyList<CompiledType> types)
    {
        Dictionary<string, CompiledType> byName = types.DistinctBy(type => type.Name).ToDictionary(type => type.Name);
        return
        [
            .. from contract in types
               where contract.IsInterface
               let count = types.Count(type => !type.IsInterface && !type.IsAbstract && Implements(byName, type, contract.Name))
               where count < 2
               select $"{contract.Name} has {count} implementations, expected two or more. Use the type itself until a second one exists.",
        ];
    }

    /// <summary>Types in the root namespace, which holds the base of the exceptions only.</summary>
    public static IReadOnlyList<string> RootTypes(IEnumerable<CompiledType> types) =>
    [
        .. from type in types
           where type.Namespace == "Niwaki" && type.Name != "Niwaki.NiwakiException"
           select $"{type.Name} lies in the root, expected a layer.",
    ];

    /// <summary>Namespaces named like a type that is used in them or elsewhere: the compiler would take one for the other.</summary>
    public static IReadOnlyList<string> AmbiguousNamespaces(IEnumerable<TypeUse> uses)
    {
        List<TypeUse> all = [.. uses];
        HashSet<string> segments = [.. all.SelectMany(use => use.UserNamespace.Split('.'))];
        return
        [
            .. all.Where(use => segments.Contains(use.Used))
                .Select(use => $"Folder '{use.Used}' has the name of the type {use.UsedNamespace}.{use.Used}.").Distinct(),
        ];
    }

    private static bool Implements(Dictionary<string, CompiledType> byName, CompiledType type, string contract) =>
        type.BaseTypes.Contains(contract)
        || type.BaseTypes.Select(byName.GetValueOrDefault).OfType<CompiledType>().Any(baseType => !baseType.IsInterface && Implements(byName, baseType, contract));
}
