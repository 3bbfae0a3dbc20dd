namespace Niwaki.Training;

/// <summary>Token ids of which some are predicted.</summary>
/// <param name="Ids">Token ids, 2 or more.</param>
/// <param name="FirstScored">Index of the first token whose loss counts, 1 or more: behind a prompt that is given.</param>
public readonly record struct TrainingExample(int[] Ids, int FirstScored = 1)
{
    /// <summary>Tokens whose loss counts.</summary>
    public int Scored => Math.Max(0, Ids.Length - FirstScored);
}
