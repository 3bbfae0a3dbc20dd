using System.CommandLine;
using Niwaki.Datasets;

namespace Niwaki.Cli.Commands;

/// <summary>A text given on the command line or in a file, exactly one of the two.</summary>
internal static class TextArgument
{
    public static string Read(ParseResult parsed, Option<string?> text, Option<string?> file) => (parsed.GetValue(text), parsed.GetValue(file)) switch
    {
        ({ } given, null) => given,
        (null, { } path) => TextFile.Read(path),
        (null, null) => throw new UsageException($"Neither {text.Name} nor {file.Name} is given, expected one of them."),
        _ => throw new UsageException($"Both {text.Name} and {file.Name} are given, expected one of them."),
    };
}
