using System.Collections.Immutable;
using System.Reflection.Metadata;

namespace Niwaki.Tests.Structure;

/// <summary>Reads signatures as text and reports every type that occurs in them.</summary>
/// <param name="found">Called for each type definition or reference.</param>
internal sealed class SignatureReader(Action<EntityHandle> found) : ISignatureTypeProvider<string, object?>
{
    public string GetPrimitiveType(PrimitiveTypeCode typeCode) => "System." + typeCode;

    public string GetTypeFromDefinition(MetadataReader reader, TypeDefinitionHandle handle, byte rawTypeKind)
    {
        found(handle);
        return CompiledNames.FullName(reader, handle);
    }

    public string GetTypeFromReference(MetadataReader reader, TypeReferenceHandle handle, byte rawTypeKind)
    {
        found(handle);
        return CompiledNames.FullName(reader, handle);
    }

    public string GetTypeFromSpecification(MetadataReader reader, object? genericContext, TypeSpecificationHandle handle, byte rawTypeKind) =>
        reader.GetTypeSpecification(handle).DecodeSignature(this, genericContext);

    public string GetFunctionPointerType(MethodSignature<string> signature) =>
        $"({string.Join(", ", signature.ParameterTypes)}) => {signature.ReturnType}";

    public string GetGenericInstantiation(string genericType, ImmutableArray<string> typeArguments) => genericType;

    public string GetArrayType(string elementType, ArrayShape shape) => elementType + "[,]";

    public string GetSZArrayType(string elementType) => elementType + "[]";

    public string GetByReferenceType(string elementType) => elementType + "&";

    public string GetPointerType(string elementType) => elementType + "*";

    public string GetPinnedType(string elementType) => elementType;

    public string GetModifiedType(string modifier, string unmodifiedType, bool isRequired) => unmodifiedType;

    public string GetGenericMethodParameter(object? genericContext, int index) => "!!" + index;

    public string GetGenericTypeParameter(object? genericContext, int index) => "!" + index;
}
