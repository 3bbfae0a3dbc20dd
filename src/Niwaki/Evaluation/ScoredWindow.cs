namespace Niwaki.Evaluation;

/// <summary>Token ids that pass through a model together, and which of them are scored.</summary>
/// <param name="Ids">Token ids, 2 or more.</param>
/// <param name="FirstScored">The first id that is scored, 1 or more; those behind it are scored too, those in front of it are context alone.</param>
/// <param name="Document">Index of the document that the window comes from.</param>
public sealed record ScoredWindow(int[] Ids, int FirstScored = 1, int Document = 0)
{
    /// <summary>Tokens scored.</summary>
    public int Scored => Ids.Length - FirstScored;
}
