namespace Niwaki.Tokenizers.Chat;

/// <summary>Goes through the tokens of a template, with errors that name the line.</summary>
/// <param name="tokens">The tokens.</param>
internal sealed class JinjaTokens(IReadOnlyList<JinjaToken> tokens)
{
    /// <summary>Brackets and statements inside each other; more would overflow the stack before it helped anybody.</summary>
    private const int MaxDepth = 200;

    private int _at;
    private int _depth;

    /// <summary>The token at hand.</summary>
    public JinjaToken Current => tokens[_at];

    /// <summary>The token behind it.</summary>
    public JinjaToken Following => tokens[Math.Min(_at + 1, tokens.Count - 1)];

    /// <summary>Takes the token at hand.</summary>
    public JinjaToken Take()
    {
        JinjaToken token = tokens[_at];
        _at = Math.Min(_at + 1, tokens.Count - 1);
        return token;
    }

    /// <summary>Takes a sign or word if it is there.</summary>
    public bool Accept(string text)
    {
        if (!Current.Is(text))
        {
            return false;
        }

        Take();
        return true;
    }

    /// <summary>Takes a sign or word that has to be there.</summary>
    public void Expect(string text)
    {
        if (!Accept(text))
        {
            throw Fault($"expected '{text}'");
        }
    }

    /// <summary>Takes a token of a kind that has to be there.</summary>
    public string Expect(JinjaTokenKind kind, string what) => Current.Kind == kind ? Take().Text : throw Fault($"expected {what}");

    /// <summary>Reads something nested.</summary>
    public T Nested<T>(Func<T> read)
    {
        if (++_depth > MaxDepth)
        {
            throw Fault($"nests more than {MaxDepth} deep, expected less");
        }

        T result = read();
        _depth--;
        return result;
    }

    /// <summary>An error at the token at hand.</summary>
    public ChatTemplateException Fault(string expected)
    {
        string found = Current.Kind == JinjaTokenKind.End ? "the template ends" : Current.Text.Length > 0 ? $"has '{Formats.MessageText.Shown(Current.Text)}'" : $"has {Current.Kind}";
        return new ChatTemplateException($"Chat template, line {Current.Line}: {found}, {expected}.", Current.Line);
    }
}
