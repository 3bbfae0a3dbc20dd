namespace Niwaki.Tests.Structure;

/// <summary>Finds namespaces that use each other in a circle.</summary>
internal static class NamespaceCycles
{
    /// <summary>Circles among whole namespaces; a namespace and those below it count as one family, whose members may use each other.</summary>
    /// <returns>One line for each namespace that can reach itself, with the way it takes.</returns>
    public static IReadOnlyList<string> Find(IEnumerable<TypeUse> uses)
    {
        Dictionary<string, SortedSet<string>> edges = [];
        IEnumerable<TypeUse> ours = uses.Where(use => use.UsedNamespace.StartsWith("Niwaki.", StringComparison.Ordinal));
        foreach (TypeUse use in ours.Where(use => !AreFamily(use.UserNamespace, use.UsedNamespace)))
        {
            edges.TryAdd(use.UserNamespace, []);
            edges[use.UserNamespace].Add(use.UsedNamespace);
        }

        return [.. edges.Keys.Order(StringComparer.Ordinal).Select(start => WayBack(edges, start)).OfType<string>()];
    }

    private static bool AreFamily(string one, string other) =>
        one == other || one.StartsWith(other + ".", StringComparison.Ordinal) || other.StartsWith(one + ".", StringComparison.Ordinal);

    /// <summary>The shortest way from a namespace back to itself, or null.</summary>
    private static string? WayBack(Dictionary<string, SortedSet<string>> edges, string start)
    {
        Dictionary<string, string> cameFrom = [];
        Queue<string> open = new([start]);
        while (open.TryDequeue(out string? current))
        {
            foreach (string next in edges.GetValueOrDefault(current) ?? [])
            {
                if (next == start)
                {
                    return Describe(cameFrom, start, current);
                }

                if (cameFrom.TryAdd(next, current))
                {
                    open.Enqueue(next);
                }
            }
        }

        return null;
    }

    private static string Describe(Dictionary<string, string> cameFrom, string start, string last)
    {
        List<string> way = [start];
        for (string step = last; step != start; step = cameFrom[step])
        {
            way.Insert(0, step);
        }

        way.Insert(0, start);
        return string.Join(" -> ", way);
    }
}
