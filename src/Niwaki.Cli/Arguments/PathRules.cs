using System.CommandLine;
using System.CommandLine.Parsing;

namespace Niwaki.Cli.Arguments;

/// <summary>What holds for every path on the command line.</summary>
internal static class PathRules
{
    /// <summary>Refuses an empty path, as an unset shell variable gives it.</summary>
    public static Option<T> RefuseEmpty<T>(this Option<T> option)
    {
        option.Validators.Add(result => Check(result, result.Tokens, option.Name));
        return option;
    }

    /// <inheritdoc cref="RefuseEmpty{T}(Option{T})"/>
    public static Argument<T> RefuseEmpty<T>(this Argument<T> argument)
    {
        argument.Validators.Add(result => Check(result, result.Tokens, argument.Name));
        return argument;
    }

    /// <summary>A path that was given on the command line: it starts from the current folder, also where those of a recipe start from another.</summary>
    /// <param name="given">The path; null: none.</param>
    /// <param name="workingFolder">Folder that the paths of the recipe start from; null: the current one.</param>
    public static string? Beside(this string? given, string? workingFolder) => given is null || workingFolder is null ? given : Path.GetFullPath(given);

    private static void Check(SymbolResult result, IReadOnlyList<Token> tokens, string name)
    {
        if (tokens.Any(token => string.IsNullOrWhiteSpace(token.Value)))
        {
            result.AddError($"{name} is '{tokens[0].Value}', expected a path.");
        }
    }
}
