namespace Niwaki.Tokenizers.Chat;

/// <summary>A piece of a template.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Text">Its text; of a string, what it stands for.</param>
/// <param name="Line">Its line, from 1.</param>
internal readonly record struct JinjaToken(JinjaTokenKind Kind, string Text, int Line)
{
    /// <summary>Whether it is a given sign or word.</summary>
    public bool Is(string text) => Kind is JinjaTokenKind.Sign or JinjaTokenKind.Name && Text == text;
}
