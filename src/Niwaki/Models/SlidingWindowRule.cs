namespace Niwaki.Models;

/// <summary>How <c>config.json</c> tells which blocks attend to a sliding window only, where it has no <c>layer_types</c>.</summary>
public enum SlidingWindowRule
{
    /// <summary>No block does.</summary>
    None,

    /// <summary>Every block, if <c>sliding_window</c> is a number (4,096 where the field is missing, none where it is null).</summary>
    EveryBlock,

    /// <summary>Blocks from <c>max_window_layers</c> on, if <c>use_sliding_window</c> is true.</summary>
    UpperBlocksOnRequest,
}
