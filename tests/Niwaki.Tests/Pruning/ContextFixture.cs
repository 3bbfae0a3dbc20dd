using Niwaki.Formats.HuggingFace;
using Niwaki.Kernels;
using Niwaki.Models;
using Niwaki.Numerics;
using Niwaki.Plans;
using Niwaki.Pruning.Decisions;
using Niwaki.Runs;
using Niwaki.Tests.Formats;
using Niwaki.Tests.Models;

namespace Niwaki.Tests.Pruning;

/// <summary>A random model with calibration windows and a journal: what a method decides from.</summary>
internal sealed class ContextFixture : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly Checkpoint _checkpoint;
    private readonly ThreadTeam _team;
    private Journal _journal;

    public ContextFixture(RandomCheckpointSpec spec, Recipe? recipe = null, int threads = 1, long? memoryBytes = null, int[]? windows = null)
    {
        _checkpoint = Checkpoint.Open(RandomCheckpoint.Write(_folder["model"], spec, 1));
        _team = new ThreadTeam(threads);
        Config = ModelConfigReader.Read(_checkpoint);
        Recipe = recipe ?? new Recipe();
        MemoryBytes = memoryBytes;
        var random = new SeededRandom(5);
        Calibration = [.. (windows ?? [12, 9, 20]).Select(length => Enumerable.Range(0, length).Select(_ => random.NextInt(Config.VocabularySize)).ToArray())];
        _journal = Journal.Open(_folder["journal.jsonl"], "test");
    }

    public ModelConfig Config { get; }

    public Recipe Recipe { get; set; }

    public long? MemoryBytes { get; }

    public int[][] Calibration { get; }

    public long Tokens => Calibration.Sum(window => (long)window.Length);

    /// <summary>What was told beside the progress.</summary>
    public List<string> Notices { get; } = [];

    public string PathOf(string name) => _folder[name];

    /// <summary>A context as a new process would make it: with what the journal holds so far.</summary>
    public PruningContext Context()
    {
        _journal.Dispose();
        _journal = Journal.Open(_folder["journal.jsonl"], "test");
        return new PruningContext
        {
            Checkpoint = _checkpoint,
            Config = Config,
            Team = _team,
            Recipe = Recipe,
            Calibration = Calibration,
            RoundStore = new RoundStore(_folder["rounds"]),
            Log = new EvaluationLog(_journal),
            MemoryBytes = MemoryBytes,
            Notice = Notices.Add,
            CancellationToken = TestContext.Current.CancellationToken,
        };
    }

    public Transformer Load(ModelSelection? selection = null) =>
        Transformer.Load(_checkpoint, Config, _team, new TransformerOptions { MemoryBytes = MemoryBytes, Selection = selection });

    /// <summary>Mean loss without some units, by a pass over a model from which they were cut.</summary>
    public double LossWithout(params Niwaki.Plans.Unit[] units)
    {
        using Transformer cut = Load(SelectionBuilder.Without(Config, units));
        float[][] losses = ForwardPass.Losses(cut, Calibration);
        return ForwardPass.Mean(losses);
    }

    public void Dispose()
    {
        _journal.Dispose();
        _team.Dispose();
        _checkpoint.Dispose();
        _folder.Dispose();
    }
}
