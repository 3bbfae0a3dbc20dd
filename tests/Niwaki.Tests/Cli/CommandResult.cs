using System.Text.Json;

namespace Niwaki.Tests.Cli;

/// <summary>What a command line left behind: exit code and both streams.</summary>
internal sealed record CommandResult(int ExitCode, string Output, string Error)
{
    /// <summary>The one JSON object that is all of the output; throws where there is more or less.</summary>
    public JsonElement Json
    {
        get
        {
            Assert.True(ExitCode == 0, $"exit code {ExitCode}: {Error}");
            var root = JsonDocument.Parse(Output).RootElement;
            Assert.Equal(JsonValueKind.Object, root.ValueKind);
            return root;
        }
    }

    /// <summary>Asserts the exit code and that an error is a message: nothing on the result stream, no stack trace.</summary>
    /// <param name="exitCode">The code expected.</param>
    /// <param name="messageParts">Texts that the message contains.</param>
    public void AssertFails(int exitCode, params ReadOnlySpan<string> messageParts)
    {
        Assert.Equal((exitCode, ""), (ExitCode, Output));
        Assert.DoesNotContain("   at Niwaki", Error, StringComparison.Ordinal);
        Assert.NotEqual("", Error.Trim());
        foreach (string part in messageParts)
        {
            Assert.Contains(part, Error, StringComparison.Ordinal);
        }
    }
}
