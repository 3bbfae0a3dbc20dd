using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Niwaki.Tests.Structure;

/// <summary>Rules about the size and the place of source files.</summary>
internal static class SourceRules
{
    private static readonly string[] EmptyWords = ["Common", "Core", "Utils", "Helpers"];

    /// <summary>Files longer than a limit.</summary>
    public static IReadOnlyList<string> LongFiles(IEnumerable<SourceFile> files, int limit) =>
    [
        .. files.Where(file => file.LineCount > limit)
            .Select(file => $"{file.Path} has {file.LineCount} lines, expected {limit} at most. Split it by topic."),
    ];

    /// <summary>All methods, constructors, operators and properties with a body, and their lines.</summary>
    public static IReadOnlyList<(string Name, string Place, int Lines)> Methods(IEnumerable<SourceFile> files) =>
    [
        .. from file in files
           from member in file.Root.DescendantNodes().OfType<MemberDeclarationSyntax>()
           where HasBody(member)
           select (NameOf(member), file.Locate(member), SourceFile.CountLines(member)),
    ];

    /// <summary>Files that hold more than one top-level type; files without any (assembly attributes, global usings) are passed over.</summary>
    public static IReadOnlyList<string> CrowdedFiles(IEnumerable<SourceFile> files) =>
        [.. files.Where(file => TopLevelTypes(file) > 1).Select(file => $"{file.Path} holds {TopLevelTypes(file)} top-level types, expected one.")];

    /// <summary>Files whose namespace is not their folder.</summary>
    public static IReadOnlyList<string> MisplacedFiles(IEnumerable<SourceFile> files) =>
    [
        .. from file in files
           from declaration in file.Root.DescendantNodes().OfType<BaseNamespaceDeclarationSyntax>()
           let found = declaration.Name.ToString()
           let expected = ExpectedNamespace(file.Path)
           where found != expected
           select $"{file.Path} has namespace {found}, expected {expected}.",
    ];

    /// <summary>Folders whose name says nothing.</summary>
    public static IReadOnlyList<string> EmptyFolderNames(IEnumerable<SourceFile> files) =>
    [
        .. from file in files
           from folder in file.Path.Split('/').SkipLast(1)
           where EmptyWords.Contains(folder, StringComparer.OrdinalIgnoreCase)
           select $"{file.Path} lies in a folder '{folder}', expected a word of the field.",
    ];

    /// <summary>Places where a warning is switched off.</summary>
    public static IReadOnlyList<string> SwitchedOffWarnings(IEnumerable<SourceFile> files) =>
    [
        .. from file in files
           from trivia in file.Root.DescendantTrivia()
           where trivia.GetStructure() is PragmaWarningDirectiveTriviaSyntax { DisableOrRestoreKeyword.ValueText: "disable" }
           select $"{file.Path}: {trivia.ToString().Trim()}",
    ];

    private static int TopLevelTypes(SourceFile file) =>
        file.Root.DescendantNodes(node => node is CompilationUnitSyntax or BaseNamespaceDeclarationSyntax)
            .Count(node => node is BaseTypeDeclarationSyntax or DelegateDeclarationSyntax);

    /// <summary><c>src/Niwaki/Kernels/Cpu/X.cs</c> belongs into <c>Niwaki.Kernels.Cpu</c>: project folder, then the folders below it.</summary>
    private static string ExpectedNamespace(string path) => string.Join('.', path.Split('/').Skip(1).SkipLast(1));

    private static bool HasBody(MemberDeclarationSyntax member) => member switch
    {
        BaseMethodDeclarationSyntax method => method.Body is not null || method.ExpressionBody is not null,
        PropertyDeclarationSyntax { ExpressionBody: not null } => true,
        BasePropertyDeclarationSyntax property => property.AccessorList?.Accessors.Any(HasBody) ?? true,
        _ => false,
    };

    private static bool HasBody(AccessorDeclarationSyntax accessor) => accessor.Body is not null || accessor.ExpressionBody is not null;

    private static string NameOf(MemberDeclarationSyntax member)
    {
        string name = member switch
        {
            MethodDeclarationSyntax method => method.Identifier.ValueText,
            PropertyDeclarationSyntax property => property.Identifier.ValueText,
            ConstructorDeclarationSyntax => "constructor",
            IndexerDeclarationSyntax => "this",
            _ => member.Kind().ToString(),
        };
        return member.Parent is BaseTypeDeclarationSyntax type ? $"{type.Identifier.ValueText}.{name}" : name;
    }
}
