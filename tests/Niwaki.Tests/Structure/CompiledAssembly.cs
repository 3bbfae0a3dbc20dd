using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace Niwaki.Tests.Structure;

/// <summary>What a compiled assembly says about itself: its types, what they use, and which native functions it declares.</summary>
/// <remarks>
/// This is the code after the compiler resolved every name, so no <c>using</c> line, alias or <c>var</c> hides anything. One thing leaves no
/// trace: a constant of another type is copied to where it is used.
/// </remarks>
internal sealed class CompiledAssembly
{
    private CompiledAssembly(IReadOnlyList<CompiledType> types, IReadOnlyList<TypeUse> uses, IReadOnlyList<TypeUse> nativeFunctions)
    {
        Types = types;
        Uses = uses;
        NativeFunctions = nativeFunctions;
    }

    /// <summary>The library.</summary>
    public static CompiledAssembly Library { get; } = Read("Niwaki.dll");

    /// <summary>The command line.</summary>
    public static CompiledAssembly CommandLine { get; } = Read("Niwaki.Cli.dll");

    /// <summary>All types in a namespace, nested ones included; what the compiler adds outside any namespace of ours is left out.</summary>
    public IReadOnlyList<CompiledType> Types { get; }

    /// <summary>Every use of a type by another, each once.</summary>
    public IReadOnlyList<TypeUse> Uses { get; }

    /// <summary>Declarations of native functions (P/Invoke): the library used is the native one.</summary>
    public IReadOnlyList<TypeUse> NativeFunctions { get; }

    /// <summary>Reads an assembly that lies beside the tests.</summary>
    /// <param name="fileName">Such as <c>Niwaki.dll</c>.</param>
    public static CompiledAssembly Read(string fileName)
    {
        using PEReader file = new(File.OpenRead(Path.Combine(AppContext.BaseDirectory, fileName)));
        MetadataReader reader = file.GetMetadataReader();
        List<CompiledType> types = [];
        HashSet<TypeUse> uses = [];
        List<TypeUse> nativeFunctions = [];
        foreach (TypeDefinitionHandle handle in reader.TypeDefinitions)
        {
            (string space, string name) = CompiledNames.Outermost(reader, handle);
            if (space != "Niwaki" && !space.StartsWith("Niwaki.", StringComparison.Ordinal))
            {
                continue;
            }

            TypeUseCollector collector = new(file, reader, space, name);
            collector.AddType(handle);
            uses.UnionWith(collector.Uses);
            nativeFunctions.AddRange(collector.NativeFunctions);
            types.Add(Describe(reader, handle, space));
        }

        return new CompiledAssembly(types, [.. uses], nativeFunctions);
    }

    private static CompiledType Describe(MetadataReader reader, TypeDefinitionHandle handle, string space)
    {
        TypeDefinition type = reader.GetTypeDefinition(handle);
        SignatureReader signatures = new(_ => { });
        List<string> baseTypes = [];
        IEnumerable<EntityHandle> interfaces = type.GetInterfaceImplementations().Select(i => reader.GetInterfaceImplementation(i).Interface);
        foreach (EntityHandle baseType in interfaces.Prepend(type.BaseType))
        {
            if (!baseType.IsNil)
            {
                baseTypes.Add(baseType.Kind == HandleKind.TypeSpecification
                    ? signatures.GetTypeFromSpecification(reader, null, (TypeSpecificationHandle)baseType, 0)
                    : CompiledNames.FullName(reader, baseType));
            }
        }

        bool isInterface = type.Attributes.HasFlag(TypeAttributes.Interface);
        bool isAbstract = type.Attributes.HasFlag(TypeAttributes.Abstract);
        return new CompiledType(space, CompiledNames.FullName(reader, handle), isInterface, isAbstract, baseTypes);
    }
}
