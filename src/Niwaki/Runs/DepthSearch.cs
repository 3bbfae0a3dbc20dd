namespace Niwaki.Runs;

/// <summary>How a set of blocks or sub-layers is found.</summary>
public enum DepthSearch
{
    /// <summary>All are judged once, on the whole model, and the lowest go together (Shortened LLaMA).</summary>
    OneShot,

    /// <summary>One at a time: after every removal the others are judged again (SLEB, arXiv 2402.09025).</summary>
    Greedy,

    /// <summary>Greedy, then a removed one is exchanged for another one as long as that helps.</summary>
    Swaps,
}
