namespace Niwaki.Tokenizers.Chat;

/// <summary>How a statement ended.</summary>
internal enum JinjaFlow
{
    /// <summary>The next one follows.</summary>
    Next,

    /// <summary>The loop around it ends.</summary>
    Break,

    /// <summary>The next turn of the loop around it begins.</summary>
    Continue,
}
