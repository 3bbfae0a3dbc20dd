namespace Niwaki.Tests;

/// <summary>Where the tests find files of the checkout and, beside it, the optional folder of shared models and texts.</summary>
internal static class RepositoryFiles
{
    /// <summary>The folder that holds Niwaki.slnx.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>A path below the root of the checkout.</summary>
    public static string Get(params ReadOnlySpan<string> parts) => Path.Combine([Root, .. parts]);

    /// <summary>A path below <c>../shared</c>; skips the calling test with a reason where it does not exist.</summary>
    public static string SharedOrSkip(params ReadOnlySpan<string> parts)
    {
        string path = Path.GetFullPath(Path.Combine([Root, "..", "shared", .. parts]));
        Assert.SkipUnless(Path.Exists(path), $"'{string.Join('/', parts.ToArray())}' of the shared test data is not beside this checkout.");
        return path;
    }

    private static string FindRoot()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Niwaki.slnx")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException($"No Niwaki.slnx above '{AppContext.BaseDirectory}'.");
    }
}
