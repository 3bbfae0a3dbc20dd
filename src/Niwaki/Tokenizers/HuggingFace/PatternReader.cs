using Niwaki.Formats.HuggingFace;
using Niwaki.Tokenizers.PreTokenizers;

namespace Niwaki.Tokenizers.HuggingFace;

/// <summary>Reads the patterns of components: a fixed string or a regular expression.</summary>
internal static class PatternReader
{
    /// <summary>Reads a pattern of either kind.</summary>
    /// <param name="component">Component with a field <c>pattern</c>.</param>
    /// <param name="role">What the component is.</param>
    public static TextPattern Read(ConfigDocument component, string role)
    {
        ConfigDocument pattern = component.GetObject("pattern");
        return pattern.GetStringOrNull("Regex") is { } expression
            ? ReadExpression(component, role, expression)
            : new LiteralPattern(ReadLiteral(component, role));
    }

    /// <summary>Reads a fixed string that is not empty.</summary>
    /// <param name="component">Component with a field <c>pattern</c>.</param>
    /// <param name="role">What the component is.</param>
    public static string ReadLiteral(ConfigDocument component, string role)
    {
        ConfigDocument pattern = component.GetObject("pattern");
        if (pattern.Has("Regex"))
        {
            throw ComponentFault.Value(component, role, "pattern", "a pattern of the kind 'String'");
        }

        string literal = pattern.GetString("String");
        return literal.Length > 0 ? literal : throw ComponentFault.Broken(component, role, "pattern", "a string that is not empty");
    }

    /// <summary>The patterns of well-known models are scanned by hand; all others go through the regular expressions of .NET.</summary>
    private static TextPattern ReadExpression(ConfigDocument component, string role, string expression)
    {
        if (expression == Gpt2Pattern.Expression)
        {
            return new Gpt2Pattern();
        }

        foreach (int maxDigits in (ReadOnlySpan<int>)[1, 3])
        {
            if (expression == Cl100kPattern.Expression(maxDigits))
            {
                return new Cl100kPattern(maxDigits);
            }
        }

        try
        {
            return new RegexPattern(expression);
        }
        catch (NotSupportedException reason)
        {
            throw new Formats.UnsupportedModelException(
                component.File, $"{role} field 'pattern'", reason.Message, "the part of Oniguruma's syntax that tokenizers commonly use");
        }
    }
}
