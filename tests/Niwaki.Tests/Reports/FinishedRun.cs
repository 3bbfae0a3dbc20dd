using Niwaki.Tests.Cli;
using Niwaki.Tests.Formats;

namespace Niwaki.Tests.Reports;

/// <summary>A run of a small model that has ended, in a folder of its own.</summary>
internal sealed class FinishedRun : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    /// <summary>Prunes.</summary>
    /// <param name="modelName">Name of the folder of the source.</param>
    /// <param name="more">Options beside those of a quick run.</param>
    public FinishedRun(string modelName, params ReadOnlySpan<string> more)
    {
        Source = SmallModel.Write(_folder[modelName]);
        CommandResult result = CommandRunner.Prune(Source, Path, ["--sparsity", "0.4", "--evaluation", CommandRunner.Text, .. more]);
        Assert.True(result.ExitCode == 0, result.Error);
    }

    public string Source { get; }

    public string Path => _folder["run"];

    public string this[string name] => System.IO.Path.Combine(Path, name);

    public void Dispose() => _folder.Dispose();
}
