namespace Niwaki.Datasets;

/// <summary>A text cannot serve as calibration or evaluation data: too large, empty, in another encoding, or too short.</summary>
public sealed class DatasetException : NiwakiException
{
    /// <summary>Makes an error; the message reads <c>text: found, expected rule. Next step.</c></summary>
    /// <param name="text">Name of the text: the path of its file, or what else tells it apart.</param>
    /// <param name="found">What was found, beginning with a verb, such as <c>has 100 tokens</c>.</param>
    /// <param name="expected">The rule, such as <c>at least 2,048 for one window</c>.</param>
    /// <param name="nextStep">A sentence with what to do.</param>
    public DatasetException(string text, string found, string expected, string nextStep)
        : base($"{text}: {found}, expected {expected}. {nextStep}")
    {
        Text = text;
        Found = found;
        Expected = expected;
    }

    /// <summary>Name of the text: the path of its file, or what else tells it apart.</summary>
    public string Text { get; }

    /// <summary>What was found, beginning with a verb.</summary>
    public string Found { get; }

    /// <summary>The rule.</summary>
    public string Expected { get; }
}
