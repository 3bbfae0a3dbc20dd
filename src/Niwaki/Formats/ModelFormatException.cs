namespace Niwaki.Formats;

/// <summary>A model file or folder is broken: it does not keep the rules of its own format.</summary>
public sealed class ModelFormatException : NiwakiException
{
    /// <summary>Makes an error; the message reads <c>file, byte N: item found, expected rule. Next step.</c></summary>
    /// <param name="file">Path of the file or folder; the message shows its last part.</param>
    /// <param name="item">What is wrong inside, such as <c>tensor 'lm_head.weight'</c> or <c>'hidden_size'</c>.</param>
    /// <param name="found">What was found, beginning with a verb, such as <c>is -3</c>.</param>
    /// <param name="expected">The rule, such as <c>a whole number from 1 to 128</c>.</param>
    /// <param name="bytePosition">Where in the file, counted from 0, when known.</param>
    /// <param name="nextStep">A sentence with what to do, when there is something.</param>
    /// <param name="innerException">The cause, if another error led to this one.</param>
    public ModelFormatException(
        string file,
        string item,
        string found,
        string expected,
        long? bytePosition = null,
        string? nextStep = null,
        Exception? innerException = null)
        : base(MessageText.Fault(file, item, found, expected, bytePosition, nextStep), innerException)
    {
        File = file;
        Item = item;
        Found = found;
        Expected = expected;
        BytePosition = bytePosition;
    }

    /// <summary>Path of the broken file or folder.</summary>
    public string File { get; }

    /// <summary>The tensor, field or header part that is wrong.</summary>
    public string Item { get; }

    /// <summary>What was found, beginning with a verb.</summary>
    public string Found { get; }

    /// <summary>What the format asks for.</summary>
    public string Expected { get; }

    /// <summary>Where the fault lies, in bytes from the start of the file; null when it has no single place.</summary>
    public long? BytePosition { get; }
}
