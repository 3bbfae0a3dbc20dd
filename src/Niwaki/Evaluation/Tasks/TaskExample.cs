namespace Niwaki.Evaluation.Tasks;

/// <summary>A document with its answer, as it stands in front of others.</summary>
/// <param name="Question">What is asked.</param>
/// <param name="Answer">The right answer.</param>
public sealed record TaskExample(string Question, string Answer)
{
    /// <summary>What stands between a question and its answer.</summary>
    internal const string Delimiter = " ";

    /// <summary>What stands behind an example.</summary>
    internal const string Separator = "\n\n";

    /// <summary>Question, blank, answer, empty line.</summary>
    public string Text => Question + Delimiter + Answer + Separator;
}
