using Niwaki.Evaluation;
using Niwaki.Formats.HuggingFace;
using Niwaki.Kernels;
using Niwaki.Models;

namespace Niwaki.Export;

/// <summary>Loads what an export wrote and compares it with the model.</summary>
public static class ExportCheck
{
    /// <summary>Compares the logits of both on random tokens.</summary>
    /// <param name="source">The model.</param>
    /// <param name="config">Its config.</param>
    /// <param name="path">Folder or GGUF file that was written; whatever comes out, it stays as it is.</param>
    /// <param name="team">Threads.</param>
    /// <param name="memoryBytes">Memory for both models together; null: no bound.</param>
    /// <param name="cancellationToken">Ends the comparison.</param>
    /// <exception cref="Formats.ModelFormatException">What was written is broken.</exception>
    /// <exception cref="OperationCanceledException">The comparison was ended.</exception>
    public static LogitDifference Measure(
        Checkpoint source, ModelConfig config, string path, ThreadTeam team, long? memoryBytes = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(config);
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(team);
        var options = new TransformerOptions { MemoryBytes = memoryBytes / 2 };
        using var written = Checkpoint.Open(path);
        using var expected = Transformer.Load(source, config, team, options);
        using var found = Transformer.Load(written, ModelConfigReader.Read(written), team, options);
        return LogitComparison.Measure(expected, found, LogitComparison.RandomWindows(config), cancellationToken: cancellationToken);
    }
}
