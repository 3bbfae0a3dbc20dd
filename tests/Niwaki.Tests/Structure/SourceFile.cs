using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Niwaki.Tests.Structure;

/// <summary>A C# file of this repository, parsed.</summary>
internal sealed class SourceFile
{
    /// <summary>Parses a file.</summary>
    /// <param name="path">From the root of the repository, with forward slashes.</param>
    /// <param name="text">Its text.</param>
    public SourceFile(string path, string text)
    {
        Path = path;
        Text = text;
        Root = CSharpSyntaxTree.ParseText(text, new CSharpParseOptions(LanguageVersion.Preview)).GetRoot();
    }

    /// <summary>Path from the root of the repository, with forward slashes.</summary>
    public string Path { get; }

    /// <summary>The text.</summary>
    public string Text { get; }

    /// <summary>The syntax.</summary>
    public SyntaxNode Root { get; }

    /// <summary>Lines; the end of the last one does not begin another.</summary>
    public int LineCount => Text.AsSpan().TrimEnd('\n').Count('\n') + 1;

    /// <summary>Files of the library and the command line.</summary>
    public static IReadOnlyList<SourceFile> Product { get; } = ReadAll("src");

    /// <summary>All files of a folder of the repository, without build output.</summary>
    /// <param name="folder">Such as <c>src</c>.</param>
    public static IReadOnlyList<SourceFile> ReadAll(string folder) =>
    [
        .. from path in Directory.EnumerateFiles(RepositoryFiles.Get(folder), "*.cs", SearchOption.AllDirectories)
           let relative = System.IO.Path.GetRelativePath(RepositoryFiles.Root, path).Replace('\\', '/')
           where !relative.Contains("/obj/", StringComparison.Ordinal) && !relative.Contains("/bin/", StringComparison.Ordinal)
           orderby relative
           select new SourceFile(relative, File.ReadAllText(path)),
    ];

    /// <summary>Path and line of a piece of the file, as editors open it.</summary>
    public string Locate(SyntaxNode node) => $"{Path}({FirstLine(node) + 1})";

    /// <summary>Lines of a piece from its first attribute or word, without its doc comment, to its end.</summary>
    public static int CountLines(SyntaxNode node) => node.SyntaxTree.GetLineSpan(node.Span).EndLinePosition.Line - FirstLine(node) + 1;

    private static int FirstLine(SyntaxNode node) => node.SyntaxTree.GetLineSpan(node.Span).StartLinePosition.Line;
}
