namespace Niwaki.Runs;

/// <summary>Finds the name somebody probably meant.</summary>
internal static class NearestName
{
    /// <summary>Longer texts are no misspelt names.</summary>
    private const int MaxLength = 64;

    /// <summary>The question "Did you mean …?"; null when no name is near.</summary>
    public static string? Question(string text, IEnumerable<string> names) =>
        Of(text, names) is { } name ? $"Did you mean '{name}'?" : null;

    /// <summary>The nearest of some names; null when none is near.</summary>
    /// <remarks>
    /// Near is a name at most a third of whose letters has to be inserted, left out, changed or swapped with its neighbour, or that
    /// begins with the text, or that the text begins with.
    /// </remarks>
    public static string? Of(string text, IEnumerable<string> names)
    {
        if (text.Length is 0 or > MaxLength)
        {
            return null;
        }

        return names
            .Select(name => (Name: name, Distance: Distance(text.ToLowerInvariant(), name)))
            .Where(candidate => candidate.Distance <= Math.Max(1, candidate.Name.Length / 3) || SharesStart(text, candidate.Name))
            .OrderBy(candidate => candidate.Distance)
            .Select(candidate => candidate.Name)
            .FirstOrDefault();
    }

    private static bool SharesStart(string text, string name) =>
        Math.Min(text.Length, name.Length) >= 4
        && (text.StartsWith(name, StringComparison.OrdinalIgnoreCase) || name.StartsWith(text, StringComparison.OrdinalIgnoreCase));

    /// <summary>Insertions, deletions, substitutions and swaps of neighbours that lead from a to b (optimal string alignment).</summary>
    private static int Distance(string a, string b)
    {
        int[,] steps = new int[a.Length + 1, b.Length + 1];
        for (int i = 0; i <= a.Length; i++)
        {
            for (int j = 0; j <= b.Length; j++)
            {
                steps[i, j] = Step(steps, a, b, i, j);
            }
        }

        return steps[a.Length, b.Length];
    }

    private static int Step(int[,] steps, string a, string b, int i, int j)
    {
        if (i == 0 || j == 0)
        {
            return i + j;
        }

        int change = steps[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
        int least = Math.Min(change, Math.Min(steps[i - 1, j], steps[i, j - 1]) + 1);
        bool isSwap = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
        return isSwap ? Math.Min(least, steps[i - 2, j - 2] + 1) : least;
    }
}
