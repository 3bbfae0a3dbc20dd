namespace Niwaki.Formats;

/// <summary>A model file keeps the rules of its format, but holds something that Niwaki cannot handle.</summary>
public sealed class UnsupportedModelException : NiwakiException
{
    /// <summary>Makes an error; the message reads <c>file: subject found, expected rule. Next step.</c></summary>
    /// <param name="file">Path of the file or folder; the message shows its last part.</param>
    /// <param name="subject">What cannot be handled, such as <c>tensor 'lm_head.weight'</c> or <c>'model_type'</c>.</param>
    /// <param name="found">What was found, beginning with a verb, such as <c>has dtype F8_E4M3</c>.</param>
    /// <param name="supported">What can be handled, such as <c>F32, F16 or BF16</c>.</param>
    /// <param name="nextStep">A sentence with what to do, when there is something.</param>
    public UnsupportedModelException(string file, string subject, string found, string supported, string? nextStep = null)
        : base(MessageText.Fault(file, subject, found, supported, null, nextStep))
    {
        File = file;
        Subject = subject;
        Found = found;
        Supported = supported;
    }

    /// <summary>Path of the file or folder.</summary>
    public string File { get; }

    /// <summary>The tensor, field or file that cannot be handled.</summary>
    public string Subject { get; }

    /// <summary>What was found, beginning with a verb.</summary>
    public string Found { get; }

    /// <summary>What can be handled.</summary>
    public string Supported { get; }
}
