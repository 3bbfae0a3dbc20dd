using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Niwaki.Tests.Structure;

/// <summary>Looks at the places where errors are made: does the message carry what was found?</summary>
internal static class ErrorMessages
{
    /// <summary>Every place that raises an error, and whether a value reaches its message.</summary>
    /// <remarks>
    /// Counted are <c>throw</c> of a new exception or of a method's result, and the guards <c>X.ThrowIf…</c> of the runtime, which put the value
    /// in themselves. A value is any argument that is not fixed when the code is written. A bare <c>throw;</c> passes an error on and is not counted.
    /// </remarks>
    public static IReadOnlyList<(string Place, bool HasValue)> Find(IEnumerable<SourceFile> files) =>
    [
        .. from file in files
           from node in file.Root.DescendantNodes()
           let hasValue = HasValue(node)
           where hasValue is not null
           select (file.Locate(node), hasValue.Value),
    ];

    private static bool? HasValue(SyntaxNode node) => node switch
    {
        ThrowStatementSyntax { Expression: { } thrown } => ThrownHasValue(thrown),
        ThrowExpressionSyntax { Expression: { } thrown } => ThrownHasValue(thrown),
        InvocationExpressionSyntax { Expression: MemberAccessExpressionSyntax access } when IsGuard(access.Name.Identifier.ValueText) => true,
        _ => null,
    };

    private static bool IsGuard(string method) => method.StartsWith("ThrowIf", StringComparison.Ordinal);

    private static bool ThrownHasValue(ExpressionSyntax thrown) => thrown switch
    {
        BaseObjectCreationExpressionSyntax creation => creation.ArgumentList?.Arguments.Any(argument => !IsFixed(argument.Expression)) ?? false,
        _ => true, // made elsewhere: that method knows the file, the tensor or the device
    };

    private static bool IsFixed(ExpressionSyntax expression) => expression switch
    {
        LiteralExpressionSyntax => true,
        InterpolatedStringExpressionSyntax text => text.Contents.OfType<InterpolationSyntax>().All(part => IsFixed(part.Expression)),
        BinaryExpressionSyntax { RawKind: (int)SyntaxKind.AddExpression } sum => IsFixed(sum.Left) && IsFixed(sum.Right),
        InvocationExpressionSyntax { Expression: IdentifierNameSyntax { Identifier.ValueText: "nameof" } } => true,
        _ => false,
    };
}
