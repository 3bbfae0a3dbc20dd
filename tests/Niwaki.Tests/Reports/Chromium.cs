using System.Diagnostics;

namespace Niwaki.Tests.Reports;

/// <summary>A browser without a window, where one is installed.</summary>
internal static class Chromium
{
    /// <summary>Where this is set to 1, a test that has no browser fails instead of being skipped.</summary>
    private const string RequiredVariable = "NIWAKI_REQUIRE_CHROMIUM";

    private static readonly string[] Names = ["chromium", "chromium-browser", "google-chrome"];

    /// <summary>Runs the browser on a page and waits for it; skips the calling test where there is none.</summary>
    /// <param name="page">HTML file.</param>
    /// <param name="options">Options of the browser.</param>
    /// <returns>What it wrote to its output.</returns>
    public static string Run(string page, params ReadOnlySpan<string> options)
    {
        string? program = Find();
        if (program is null && Environment.GetEnvironmentVariable(RequiredVariable) == "1")
        {
            throw new InvalidOperationException($"None of {string.Join(", ", Names)} is on the path.");
        }

        Assert.SkipWhen(program is null, $"None of {string.Join(", ", Names)} is on the path.");
        string profile = Directory.CreateTempSubdirectory("niwaki-browser").FullName;
        try
        {
            string[] all = ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", $"--user-data-dir={profile}", .. options, new Uri(page).AbsoluteUri];
            using var process = Process.Start(new ProcessStartInfo(program!, all) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true })!;
            Task<string> errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            string output = process.StandardOutput.ReadToEnd();
            Assert.True(process.WaitForExit(TimeSpan.FromMinutes(2)), "The browser did not end.");
            Assert.True(process.ExitCode == 0, errors.GetAwaiter().GetResult());
            return output;
        }
        finally
        {
            Directory.Delete(profile, recursive: true);
        }
    }

    private static string? Find() => Names
        .SelectMany(name => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Select(folder => Path.Combine(folder, name)))
        .FirstOrDefault(File.Exists);
}
