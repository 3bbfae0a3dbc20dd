namespace Niwaki.Tokenizers.Chat;

/// <summary>A chat template is broken, asks for what is not supported or not allowed, or refuses the conversation.</summary>
public sealed class ChatTemplateException : NiwakiException
{
    /// <summary>Makes an error.</summary>
    /// <param name="message">What was found where, what was expected, and the next step.</param>
    /// <param name="line">Line of the template, from 1; 0 where there is none.</param>
    public ChatTemplateException(string message, int line)
        : base(message, null) => Line = line;

    /// <summary>Line of the template, from 1; 0 where there is none.</summary>
    public int Line { get; }
}
