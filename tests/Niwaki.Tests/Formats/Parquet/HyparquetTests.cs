using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Niwaki.Formats.Parquet;

namespace Niwaki.Tests.Formats.Parquet;

/// <summary>Files of an independent writer beside what an independent reader reads from them (npm <c>hyparquet-writer</c> and <c>hyparquet</c>).</summary>
public sealed class HyparquetTests : IDisposable
{
    /// <summary>Where this is set to 1, a test that cannot have hyparquet fails instead of being skipped.</summary>
    private const string RequiredVariable = "NIWAKI_REQUIRE_HYPARQUET";

    private static readonly Lazy<(string? Folder, string Reason)> Library = new(Fetch);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>Texts with and without a dictionary, missing ones, numbers, truth values, lists, lists in groups; several groups of rows and pages.</summary>
    [Theory]
    [InlineData("UNCOMPRESSED", 200, 1000, 1 << 20)]
    [InlineData("SNAPPY", 200, 70, 100)]
    [InlineData("SNAPPY", 5000, 2000, 4000)]
    [InlineData("GZIP", 200, 70, 400)]
    public void Read_FileOfHyparquet_AsHyparquet(string codec, int rows, int group, int page)
    {
        string path = _folder["peer.parquet"];
        (int code, string output, string error) = Run(
            "node", Path.Combine(FolderOrSkip(), "peer.mjs"), path, codec, Text(rows), Text(group), Text(page));
        Assert.True(code == 0, error);
        JsonArray expected = JsonNode.Parse(output)!.AsArray();

        IReadOnlyList<JsonObject> found = ParquetFile.Read(path);

        Assert.Equal(rows, expected.Count);
        Assert.Equal(rows, found.Count);
        for (int i = 0; i < rows; i++)
        {
            Assert.True(JsonNode.DeepEquals(JsonNode.Parse(found[i].ToJsonString()), expected[i]), $"row {i}: {found[i].ToJsonString()}, expected {expected[i]!.ToJsonString()}");
        }
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static string FolderOrSkip()
    {
        (string? folder, string reason) = Library.Value;
        if (folder is null && Environment.GetEnvironmentVariable(RequiredVariable) == "1")
        {
            throw new InvalidOperationException(reason);
        }

        Assert.SkipWhen(folder is null, reason);
        return folder!;
    }

    private static (string? Folder, string Reason) Fetch()
    {
        if (OperatingSystem.IsWindows())
        {
            return (null, "hyparquet is fetched by a script for a Unix shell.");
        }

        (int code, string output, string error) = Run(RepositoryFiles.Get("scripts", "fetch-hyparquet.sh"));
        return code == 0 ? (output.Trim(), "") : (null, $"hyparquet could not be fetched: {error.Trim()}");
    }

    private static (int Code, string Output, string Error) Run(string program, params string[] args)
    {
        using var process = Process.Start(new ProcessStartInfo(program, args) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, error.GetAwaiter().GetResult());
    }
}
