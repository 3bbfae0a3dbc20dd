using Niwaki.Formats.HuggingFace;
using Niwaki.Kernels;
using Niwaki.Models;
using Niwaki.Pruning.Decisions;
using Niwaki.Runs;

namespace Niwaki.Experiments;

/// <summary>What a method decides from, with its journal in a temporary folder.</summary>
internal sealed class ContextFolder : IDisposable
{
    private readonly string _path = Directory.CreateTempSubdirectory("niwaki-experiment").FullName;
    private readonly Journal _journal;

    public ContextFolder(Checkpoint checkpoint, ModelConfig config, ThreadTeam team, Recipe recipe, int[][] calibration)
    {
        _journal = Journal.Open(Path.Combine(_path, RunFolder.JournalName), CpuFeatures.VectorPath);
        Context = new PruningContext
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

    public PruningContext Context { get; }

    public void Dispose()
    {
        _journal.Dispose();
        Directory.Delete(_path, recursive: true);
    }
}
