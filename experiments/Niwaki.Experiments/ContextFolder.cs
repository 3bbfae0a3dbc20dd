using Niwaki.Formats.HuggingFace;
using Niwaki.Kernels;
using Niwaki.Models;
using Niwaki.Pruning.Decisions;
using Niwaki.Runs;

namespace Niwaki.Experiments;

/// <summary>A journal and records of rounds in a temporary folder, and contexts that decide through them.</summary>
internal sealed class ContextFolder(Checkpoint checkpoint, ModelConfig config, ThreadTeam team, int[][] calibration) : IDisposable
{
    private readonly string _path = Directory.CreateTempSubdirectory("niwaki-experiment").FullName;
    private Journal? _journal;

    /// <summary>Seconds of all evaluations in the journal.</summary>
    public double Seconds => _journal?.Entries.Sum(entry => entry.Record.Seconds) ?? 0;

    /// <summary>A context that begins at the first evaluation: one that an earlier context made is looked up, not run again.</summary>
    public PruningContext Begin(Recipe recipe)
    {
        _journal ??= Journal.Open(Path.Combine(_path, RunFolder.JournalName), CpuFeatures.VectorPath);
        return new PruningContext
        {
            Checkpoint = checkpoint,
            Config = config,
            Team = team,
            Recipe = recipe,
            Calibration = calibration,
            RoundStore = new RoundStore(Path.Combine(_path, "rounds")),
            Log = new EvaluationLog(_journal),
        };
    }

    public void Dispose()
    {
        _journal?.Dispose();
        Directory.Delete(_path, recursive: true);
    }
}
