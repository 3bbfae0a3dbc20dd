namespace Niwaki.Pruning.Search;

/// <summary>Contiguous folds.</summary>
internal static class CrossValidation
{
    /// <summary>Cuts rows into folds as equal as possible.</summary>
    /// <param name="rows">Rows, 1 or more.</param>
    /// <param name="pairs">Whether rows 2k and 2k + 1 stay together.</param>
    /// <param name="folds">Folds at most; fewer where there are fewer rows or pairs.</param>
    /// <returns>Rows to fit and rows held out; where there are not two to part, all rows are both.</returns>
    public static IReadOnlyList<(int[] Train, int[] Test)> Folds(int rows, bool pairs, int folds)
    {
        int size = pairs ? 2 : 1;
        int items = (rows + size - 1) / size;
        int count = Math.Min(folds, items);
        if (count < 2)
        {
            int[] all = [.. Enumerable.Range(0, rows)];
            return [(all, all)];
        }

        return [.. Enumerable.Range(0, count).Select(fold =>
        {
            int first = fold * items / count * size;
            int end = Math.Min(rows, (fold + 1) * items / count * size);
            int[] test = [.. Enumerable.Range(first, end - first)];
            return (Enumerable.Range(0, rows).Except(test).ToArray(), test);
        })];
    }
}
