namespace Niwaki.Tokenizers.PreTokenizers;

/// <summary>What becomes of the matches of a pattern that cuts a text.</summary>
internal enum SplitBehaviour
{
    /// <summary>Every match is a piece of its own.</summary>
    Isolated,

    /// <summary>Matches are dropped.</summary>
    Removed,

    /// <summary>A match is the end of the piece before it.</summary>
    MergedWithPrevious,

    /// <summary>A match is the beginning of the piece after it.</summary>
    MergedWithNext,

    /// <summary>Neighbouring matches make one piece.</summary>
    Contiguous,
}
