namespace Niwaki.Plans;

/// <summary>Consecutive indices: how a plan writes long lists of units, and how cutting copies them in one go.</summary>
/// <param name="First">First index.</param>
/// <param name="Last">Last index, not before the first.</param>
internal readonly record struct IndexRange(int First, int Last)
{
    /// <summary>Indices in the range.</summary>
    public int Count => Last - First + 1;

    /// <summary>The fewest ranges that hold some indices, ascending.</summary>
    /// <param name="indices">Indices, ascending.</param>
    public static IReadOnlyList<IndexRange> Of(ReadOnlySpan<int> indices)
    {
        var ranges = new List<IndexRange>();
        for (int i = 0, start = 0; i < indices.Length; i++)
        {
            if (i + 1 == indices.Length || indices[i + 1] != indices[i] + 1)
            {
                ranges.Add(new IndexRange(indices[start], indices[i]));
                start = i + 1;
            }
        }

        return ranges;
    }
}
