using Niwaki.Formats;
using Niwaki.Formats.HuggingFace;

namespace Niwaki.Models;

/// <summary>Reads which blocks attend to a sliding window only.</summary>
internal static class SlidingWindowReader
{
    private const int DefaultWindow = 4096;
    private const int DefaultMaxWindowLayers = 28;
    private const int LargestWindow = 1 << 28;

    public static IReadOnlyList<int?> Read(ConfigDocument config, Architecture architecture, int blockCount)
    {
        var windows = new int?[blockCount];
        int? window = ReadWindow(config, architecture.SlidingWindows);
        if (config.GetStringsOrNull("layer_types") is { } types)
        {
            if (types.Count != blockCount)
            {
                throw new ModelFormatException(config.File, "'layer_types'", $"has {types.Count} entries", $"{blockCount}, one for every block");
            }

            for (int i = 0; i < blockCount; i++)
            {
                windows[i] = OfType(config.File, types[i], window);
            }

            return windows;
        }

        int first = architecture.SlidingWindows == SlidingWindowRule.UpperBlocksOnRequest
            ? config.GetInt32OrNull("max_window_layers", 0, int.MaxValue) ?? DefaultMaxWindowLayers
            : 0;
        for (int i = first; i < blockCount; i++)
        {
            windows[i] = window;
        }

        return windows;
    }

    private static int? ReadWindow(ConfigDocument config, SlidingWindowRule rule) => rule switch
    {
        SlidingWindowRule.EveryBlock when config.Names.Contains("sliding_window") => config.GetInt32OrNull("sliding_window", 1, LargestWindow),
        SlidingWindowRule.EveryBlock => DefaultWindow,
        SlidingWindowRule.UpperBlocksOnRequest when config.GetBooleanOrNull("use_sliding_window") == true =>
            config.Names.Contains("sliding_window") ? config.GetInt32OrNull("sliding_window", 1, LargestWindow) : DefaultWindow,
        _ => null,
    };

    private static int? OfType(string file, string type, int? window) => type switch
    {
        "full_attention" => null,
        "sliding_attention" => window ?? throw new ModelFormatException(file, "'layer_types'", "names 'sliding_attention' without a 'sliding_window'", "a window size"),
        _ => throw new UnsupportedModelException(file, "attention kind (layer_types)", $"is '{MessageText.Shown(type)}'", "'full_attention' or 'sliding_attention'"),
    };
}
