using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace Niwaki.Tests.Structure;

/// <summary>Collects what one type of an assembly uses.</summary>
internal sealed class TypeUseCollector
{
    private readonly PEReader _file;
    private readonly MetadataReader _reader;
    private readonly string _userNamespace;
    private readonly string _user;
    private readonly SignatureReader _signatures;

    /// <summary>Starts with nothing found.</summary>
    /// <param name="file">The assembly, for method bodies.</param>
    /// <param name="reader">Its metadata.</param>
    /// <param name="userNamespace">Namespace under which the uses are recorded.</param>
    /// <param name="user">Type under which the uses are recorded.</param>
    public TypeUseCollector(PEReader file, MetadataReader reader, string userNamespace, string user)
    {
        _file = file;
        _reader = reader;
        _userNamespace = userNamespace;
        _user = user;
        _signatures = new SignatureReader(type => AddNamed(type, ""));
    }

    /// <summary>Uses found so far.</summary>
    public HashSet<TypeUse> Uses { get; } = [];

    /// <summary>Native functions declared.</summary>
    public List<TypeUse> NativeFunctions { get; } = [];

    /// <summary>Adds everything that a type declares and does; not its nested types, which are definitions of their own.</summary>
    public void AddType(TypeDefinitionHandle handle)
    {
        TypeDefinition type = _reader.GetTypeDefinition(handle);
        Add(type.BaseType);
        AddAttributes(type.GetCustomAttributes());
        AddConstraints(type.GetGenericParameters());
        foreach (InterfaceImplementationHandle implementation in type.GetInterfaceImplementations())
        {
            Add(_reader.GetInterfaceImplementation(implementation).Interface);
        }

        foreach (FieldDefinition field in type.GetFields().Select(_reader.GetFieldDefinition))
        {
            field.DecodeSignature(_signatures, null);
            AddAttributes(field.GetCustomAttributes());
        }

        foreach (PropertyDefinition property in type.GetProperties().Select(_reader.GetPropertyDefinition))
        {
            AddAttributes(property.GetCustomAttributes());
        }

        foreach (MethodDefinition method in type.GetMethods().Select(_reader.GetMethodDefinition))
        {
            AddMethod(method);
        }
    }

    private void AddMethod(MethodDefinition method)
    {
        method.DecodeSignature(_signatures, null);
        AddAttributes(method.GetCustomAttributes());
        AddConstraints(method.GetGenericParameters());
        if (method.Attributes.HasFlag(MethodAttributes.PinvokeImpl))
        {
            string library = _reader.GetString(_reader.GetModuleReference(method.GetImport().Module).Name);
            NativeFunctions.Add(new TypeUse(_userNamespace, _user, "native", library, _reader.GetString(method.Name)));
        }

        if (method.RelativeVirtualAddress != 0)
        {
            AddBody(_file.GetMethodBody(method.RelativeVirtualAddress));
        }
    }

    private void AddBody(MethodBodyBlock body)
    {
        if (!body.LocalSignature.IsNil)
        {
            _reader.GetStandaloneSignature(body.LocalSignature).DecodeLocalSignature(_signatures, null);
        }

        foreach (ExceptionRegion region in body.ExceptionRegions)
        {
            Add(region.CatchType);
        }

        foreach (EntityHandle token in IlTokens.Read(body.GetILReader()))
        {
            Add(token);
        }
    }

    private void Add(EntityHandle handle, string member = "")
    {
        if (handle.IsNil)
        {
            return;
        }

        switch (handle.Kind)
        {
            case HandleKind.TypeDefinition or HandleKind.TypeReference:
                AddNamed(handle, member);
                break;
            case HandleKind.TypeSpecification:
                _reader.GetTypeSpecification((TypeSpecificationHandle)handle).DecodeSignature(_signatures, null);
                break;
            case HandleKind.MethodSpecification:
                MethodSpecification generic = _reader.GetMethodSpecification((MethodSpecificationHandle)handle);
                generic.DecodeSignature(_signatures, null);
                Add(generic.Method);
                break;
            case HandleKind.StandaloneSignature:
                _reader.GetStandaloneSignature((StandaloneSignatureHandle)handle).DecodeMethodSignature(_signatures, null);
                break;
            default:
                AddMember(handle);
                break;
        }
    }

    private void AddMember(EntityHandle handle)
    {
        switch (handle.Kind)
        {
            case HandleKind.MethodDefinition:
                MethodDefinition method = _reader.GetMethodDefinition((MethodDefinitionHandle)handle);
                Add(method.GetDeclaringType(), _reader.GetString(method.Name));
                break;
            case HandleKind.FieldDefinition:
                FieldDefinition field = _reader.GetFieldDefinition((FieldDefinitionHandle)handle);
                Add(field.GetDeclaringType(), _reader.GetString(field.Name));
                break;
            case HandleKind.MemberReference:
                MemberReference reference = _reader.GetMemberReference((MemberReferenceHandle)handle);
                Add(reference.Parent, Describe(reference));
                break;
            default:
                throw new InvalidOperationException($"{_userNamespace}.{_user}: token of kind {handle.Kind}, expected a type, method or field.");
        }
    }

    /// <summary>Name and parameter types; the types in the signature of a called method are the callee's business and not recorded.</summary>
    private string Describe(MemberReference member)
    {
        string name = _reader.GetString(member.Name);
        return member.GetKind() == MemberReferenceKind.Field
            ? name
            : $"{name}({string.Join(", ", member.DecodeMethodSignature(new SignatureReader(_ => { }), null).ParameterTypes)})";
    }

    private void AddNamed(EntityHandle type, string member)
    {
        (string usedNamespace, string used) = CompiledNames.Outermost(_reader, type);
        if (usedNamespace != _userNamespace || used != _user)
        {
            Uses.Add(new TypeUse(_userNamespace, _user, usedNamespace, used, member));
        }
    }

    private void AddAttributes(CustomAttributeHandleCollection attributes)
    {
        foreach (CustomAttributeHandle attribute in attributes)
        {
            Add(_reader.GetCustomAttribute(attribute).Constructor);
        }
    }

    private void AddConstraints(GenericParameterHandleCollection parameters)
    {
        foreach (GenericParameterConstraintHandle constraint in parameters.SelectMany(p => _reader.GetGenericParameter(p).GetConstraints()))
        {
            Add(_reader.GetGenericParameterConstraint(constraint).Type);
        }
    }
}
