using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Niwaki.Tests.Structure;

/// <summary>Looks at the doc comments of public methods that take tensors: is the shape written down?</summary>
internal static class TensorDocumentation
{
    private static readonly string[] TensorTypes = ["TensorView<", "WeightView"];

    /// <summary>Tensor parameters of public members whose <c>param</c> entry has no <c>[shape]</c>.</summary>
    public static IReadOnlyList<string> MissingShapes(IEnumerable<SourceFile> files) =>
    [
        .. from file in files
           from member in file.Root.DescendantNodes().OfType<BaseMethodDeclarationSyntax>()
           where IsPublic(member)
           let comment = CommentOf(member)
           where comment is null || !comment.Content.Any(part => part is XmlEmptyElementSyntax { Name.LocalName.ValueText: "inheritdoc" })
           from parameter in member.ParameterList.Parameters
           where IsTensor(parameter) && !HasShape(comment, parameter.Identifier.ValueText)
           let name = parameter.Identifier.ValueText
           select $"{file.Locate(member)}: tensor '{name}' has no shape, expected one such as [rows, columns] in its <param>.",
    ];

    private static bool IsPublic(MemberDeclarationSyntax member) =>
        member.AncestorsAndSelf().OfType<MemberDeclarationSyntax>().Where(m => m is BaseMethodDeclarationSyntax or BaseTypeDeclarationSyntax)
            .All(m => m.Modifiers.Any(SyntaxKind.PublicKeyword) || m is MethodDeclarationSyntax { Parent: InterfaceDeclarationSyntax, Modifiers.Count: 0 });

    private static bool IsTensor(ParameterSyntax parameter) =>
        parameter.Type?.ToString() is { } type && TensorTypes.Any(tensor => type.Contains(tensor, StringComparison.Ordinal));

    private static DocumentationCommentTriviaSyntax? CommentOf(SyntaxNode member) =>
        member.GetLeadingTrivia().Select(trivia => trivia.GetStructure()).OfType<DocumentationCommentTriviaSyntax>().LastOrDefault();

    private static bool HasShape(DocumentationCommentTriviaSyntax? comment, string parameter) =>
        comment is not null
        && comment.Content.OfType<XmlElementSyntax>().Any(element => NamesParameter(element, parameter) && element.Content.ToString().Contains('['));

    private static bool NamesParameter(XmlElementSyntax element, string parameter) =>
        element.StartTag.Name.LocalName.ValueText == "param"
        && element.StartTag.Attributes.OfType<XmlNameAttributeSyntax>().Any(name => name.Identifier.Identifier.ValueText == parameter);
}
