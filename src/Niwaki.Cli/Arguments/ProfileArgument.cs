using System.CommandLine;
using System.CommandLine.Parsing;
using Niwaki.Plans;

namespace Niwaki.Cli.Arguments;

/// <summary>The option <c>--profile</c>.</summary>
internal static class ProfileArgument
{
    /// <summary>Makes the option.</summary>
    /// <param name="description">What the verb does with it.</param>
    public static Option<ShapeProfile?> Create(string description) => new("--profile")
    {
        Description = description,
        HelpName = string.Join('|', ProfileRule.All.Select(rule => rule.Name)),
        CustomParser = Parse,
    };

    private static ShapeProfile? Parse(ArgumentResult result)
    {
        string text = result.Tokens.Count == 0 ? "" : result.Tokens[0].Value;
        if (ProfileRule.All.FirstOrDefault(rule => rule.Name.Equals(text, StringComparison.OrdinalIgnoreCase)) is { } found)
        {
            return found.Profile;
        }

        result.AddError($"Profile is '{text}', expected one of {string.Join(", ", ProfileRule.All.Select(rule => rule.Name))}.");
        return null;
    }
}
