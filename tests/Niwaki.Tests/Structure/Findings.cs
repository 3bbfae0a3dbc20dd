namespace Niwaki.Tests.Structure;

/// <summary>Assertions about the findings of a rule.</summary>
internal static class Findings
{
    /// <summary>Fails with all findings, in full, where there are any.</summary>
    public static void AssertNone(IEnumerable<string> findings)
    {
        string[] all = [.. findings];
        Assert.True(all.Length == 0, string.Join(Environment.NewLine, all));
    }

    /// <summary>Fails unless a share of things is in order.</summary>
    /// <param name="percent">The least share, in hundredths.</param>
    /// <param name="found">Things in order.</param>
    /// <param name="all">All things.</param>
    /// <param name="what">What the things in order are, and the ones that are not.</param>
    public static void AssertShare(int percent, int found, int all, string what) =>
        Assert.True(100L * found >= (long)percent * all, $"{found} of {all} are {what}, expected {percent} % at least.");
}
