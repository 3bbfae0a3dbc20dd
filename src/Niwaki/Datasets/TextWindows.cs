using Niwaki.Numerics;

namespace Niwaki.Datasets;

/// <summary>Cuts the token ids of a text into windows of equal length.</summary>
public static class TextWindows
{
    private const string Unnamed = "The text";

    /// <summary>Consecutive windows that share no token: the first tokens of the text first, what is left over at its end dropped.</summary>
    /// <param name="ids">Token ids of the whole text, tokenised once.</param>
    /// <param name="window">Tokens of a window, 2 or more: the first token of a window is given, the others are predicted.</param>
    /// <param name="limit">Most windows taken, 1 or more; null: all.</param>
    /// <param name="text">Name of the text in messages.</param>
    /// <returns>[windows][window], copies.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The window or the limit is too small.</exception>
    /// <exception cref="DatasetException">The text is shorter than one window.</exception>
    public static int[][] NonOverlapping(ReadOnlySpan<int> ids, int window, int? limit = null, string text = Unnamed)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit ?? 1, 1, nameof(limit));
        CheckLength(ids.Length, window, text);
        int[][] windows = new int[Math.Min(ids.Length / window, limit ?? int.MaxValue)][];
        for (int i = 0; i < windows.Length; i++)
        {
            windows[i] = ids.Slice(i * window, window).ToArray();
        }

        return windows;
    }

    /// <summary>Windows at random places, every place equally likely; windows may overlap each other.</summary>
    /// <remarks>How Bonsai (arXiv 2402.05406) and most pruners since GPTQ draw calibration data. The seed alone decides the places.</remarks>
    /// <param name="ids">Token ids of the whole text, tokenised once.</param>
    /// <param name="window">Tokens of a window, 2 or more.</param>
    /// <param name="count">Windows, 1 or more.</param>
    /// <param name="random">Gives the places; advanced by one draw a window.</param>
    /// <param name="text">Name of the text in messages.</param>
    /// <returns>[count][window], copies.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The window or the count is too small.</exception>
    /// <exception cref="DatasetException">The text is shorter than one window.</exception>
    public static int[][] Sample(ReadOnlySpan<int> ids, int window, int count, SeededRandom random, string text = Unnamed)
    {
        ArgumentNullException.ThrowIfNull(random);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        CheckLength(ids.Length, window, text);
        int[][] windows = new int[count][];
        for (int i = 0; i < count; i++)
        {
            windows[i] = ids.Slice(random.NextInt(ids.Length - window + 1), window).ToArray();
        }

        return windows;
    }

    /// <summary>Windows that share no token, drawn from all consecutive ones; the seed alone decides which, and their order.</summary>
    /// <param name="ids">Token ids of the whole text, tokenised once.</param>
    /// <param name="window">Tokens of a window, 2 or more.</param>
    /// <param name="count">Windows, 1 or more.</param>
    /// <param name="random">Gives the places.</param>
    /// <param name="text">Name of the text in messages.</param>
    /// <returns>[count][window], copies.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The window or the count is too small.</exception>
    /// <exception cref="DatasetException">The text has fewer such windows.</exception>
    public static int[][] SampleDisjoint(ReadOnlySpan<int> ids, int window, int count, SeededRandom random, string text = Unnamed)
    {
        ArgumentNullException.ThrowIfNull(random);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        CheckLength(ids.Length, window, text);
        int[] places = [.. Enumerable.Range(0, ids.Length / window)];
        if (places.Length < count)
        {
            throw new DatasetException(
                text,
                FormattableString.Invariant($"has {places.Length:N0} windows of {window:N0} tokens that share none"),
                FormattableString.Invariant($"at least {count:N0}"),
                "Give a longer text, or fewer or shorter windows.");
        }

        random.Shuffle<int>(places);
        int[][] windows = new int[count][];
        for (int i = 0; i < count; i++)
        {
            windows[i] = ids.Slice(places[i] * window, window).ToArray();
        }

        return windows;
    }

    /// <summary>Windows that begin with the last token of the one before, so that every token but the first of the text is predicted once.</summary>
    /// <param name="ids">Token ids of a text.</param>
    /// <param name="window">Tokens of a window, 2 or more; the last window is as short as the text leaves it.</param>
    /// <returns>Windows of 2 tokens or more, copies; none for a text of less than 2 tokens.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The window is too small.</exception>
    public static int[][] Rolling(ReadOnlySpan<int> ids, int window)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(window, 2);
        var windows = new List<int[]>();
        for (int first = 0; first < ids.Length - 1; first += window - 1)
        {
            windows.Add(ids.Slice(first, Math.Min(window, ids.Length - first)).ToArray());
        }

        return [.. windows];
    }

    private static void CheckLength(int tokens, int window, string text)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(window, 2);
        if (tokens < window)
        {
            throw new DatasetException(
                text,
                FormattableString.Invariant($"has {tokens:N0} tokens"),
                FormattableString.Invariant($"at least {window:N0} for one window"),
                "Give a longer text or a shorter window.");
        }
    }
}
