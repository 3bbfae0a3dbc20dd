using Niwaki.Formats.HuggingFace;
using Niwaki.Kernels;
using Niwaki.Models;
using Niwaki.Numerics;
using Niwaki.Tests.Formats;

namespace Niwaki.Tests.Models;

/// <summary>A random checkpoint on disk, opened: config, checkpoint and, on demand, the engine and the reference model.</summary>
internal sealed class OpenModel : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly ThreadTeam _team;

    public OpenModel(RandomCheckpointSpec spec, int threads = 2, long seed = 1)
    {
        Checkpoint = Checkpoint.Open(RandomCheckpoint.Write(_folder["model"], spec, seed));
        Config = ModelConfigReader.Read(Checkpoint);
        _team = new ThreadTeam(threads);
    }

    public Checkpoint Checkpoint { get; }

    public ModelConfig Config { get; }

    public ReferenceModel Reference => new(Checkpoint, Config);

    public Transformer Load(TransformerOptions? options = null) => Transformer.Load(Checkpoint, Config, _team, options);

    /// <summary>Windows of random ids, one for each length.</summary>
    public int[][] Windows(params ReadOnlySpan<int> lengths)
    {
        var random = new SeededRandom(3);
        int[][] windows = new int[lengths.Length][];
        for (int i = 0; i < windows.Length; i++)
        {
            windows[i] = new int[lengths[i]];
            for (int t = 0; t < lengths[i]; t++)
            {
                windows[i][t] = random.NextInt(Config.VocabularySize);
            }
        }

        return windows;
    }

    public void Dispose()
    {
        _team.Dispose();
        Checkpoint.Dispose();
        _folder.Dispose();
    }
}
