namespace Niwaki.Runs;

/// <summary>A recipe cannot be used. Names all of its faults, not only the first.</summary>
public sealed class RecipeException : NiwakiException
{
    /// <summary>Makes an error.</summary>
    /// <param name="file">Name or path of the recipe file; null for a recipe that was put together in memory.</param>
    /// <param name="faults">One sentence or two for every fault, at least one.</param>
    public RecipeException(string? file, IReadOnlyList<string> faults)
        : base(Describe(faults))
    {
        File = file;
        Faults = faults;
    }

    /// <summary>Name or path of the recipe file; null for a recipe that was put together in memory.</summary>
    public string? File { get; }

    /// <summary>What is wrong, what was expected and where, one entry a fault, in the order of the file.</summary>
    public IReadOnlyList<string> Faults { get; }

    private static string Describe(IReadOnlyList<string> faults)
    {
        ArgumentNullException.ThrowIfNull(faults);
        return string.Join(Environment.NewLine, faults);
    }
}
