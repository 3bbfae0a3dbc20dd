using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Niwaki.Tests.Tokenizers.Chat;

/// <summary>The Jinja of Hugging Face (npm <c>@huggingface/jinja</c>) under node.</summary>
internal static class PeerJinja
{
    /// <summary>Where this is set to 1, a test that cannot have it fails instead of being skipped.</summary>
    private const string RequiredVariable = "NIWAKI_REQUIRE_JINJA";

    private static readonly Lazy<(string? Folder, string Reason)> Module = new(Fetch);

    /// <summary>Renders templates; skips the calling test where it cannot be had.</summary>
    /// <param name="requests">Templates with their values.</param>
    /// <returns>Texts; null where the peer fails.</returns>
    public static string?[] Render(IEnumerable<(string Template, JsonObject Values)> requests)
    {
        (string? folder, string reason) = Module.Value;
        if (folder is null && Environment.GetEnvironmentVariable(RequiredVariable) == "1")
        {
            throw new InvalidOperationException(reason);
        }

        Assert.SkipWhen(folder is null, reason);
        var list = new JsonArray([.. requests.Select(request => (JsonNode)new JsonObject { ["template"] = request.Template, ["values"] = request.Values.DeepClone() })]);
        string output = Run("node", [RepositoryFiles.Get("tests", "jinja", "render.mjs"), folder!], list.ToJsonString());
        return [.. JsonNode.Parse(output)!.AsArray().Select(answer => answer!["text"]?.GetValue<string>())];
    }

    private static (string? Folder, string Reason) Fetch()
    {
        if (!OperatingSystem.IsLinux())
        {
            return (null, "The script that fetches the Jinja of Hugging Face is for Linux.");
        }

        try
        {
            string folder = Run(RepositoryFiles.Get("scripts", "fetch-jinja.sh"), [], "").Trim();
            Run("node", ["--version"], "");
            return (folder, "");
        }
        catch (Exception exception) when (exception is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            return (null, $"The Jinja of Hugging Face cannot be had: {exception.Message}");
        }
    }

    private static string Run(string program, string[] arguments, string input)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        process.StandardInput.Write(input);
        process.StandardInput.Close();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"{Path.GetFileName(program)}: {errors.GetAwaiter().GetResult().Trim()}");
    }
}
