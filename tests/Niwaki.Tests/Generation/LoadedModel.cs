using Niwaki.Formats.HuggingFace;
using Niwaki.Kernels;
using Niwaki.Models;
using Niwaki.Tensors;
using Niwaki.Tests.Formats;
using Niwaki.Tests.Models;

namespace Niwaki.Tests.Generation;

/// <summary>A model ready to run, with everything that it stands on. One thread unless a test is about threads: small models gain nothing from more.</summary>
internal sealed class LoadedModel : IDisposable
{
    private readonly TemporaryFolder? _folder;
    private readonly Checkpoint _checkpoint;
    private readonly ThreadTeam _team;

    private LoadedModel(string path, int threads, TransformerOptions? options, TemporaryFolder? folder)
    {
        _folder = folder;
        _checkpoint = Checkpoint.Open(path);
        _team = new ThreadTeam(threads);
        Transformer = Transformer.Load(_checkpoint, ModelConfigReader.Read(_checkpoint), _team, options);
    }

    public Transformer Transformer { get; }

    public ModelConfig Config => Transformer.Config;

    /// <summary>A model of the checkout or of the shared folder.</summary>
    public static LoadedModel Open(string path, int threads = 1, TransformerOptions? options = null) => new(path, threads, options, null);

    /// <summary>The model that comes with the project.</summary>
    public static LoadedModel Novels(int threads = 1) => Open(RepositoryFiles.Get("samples", "novels-4m"), threads);

    /// <summary>A small random model.</summary>
    /// <param name="spec">Sizes and architecture; null: a Llama of two blocks and 24 tokens, with a context of 256.</param>
    /// <param name="threads">Threads.</param>
    /// <param name="options">How it is loaded.</param>
    /// <param name="edit">Changes the folder before it is loaded.</param>
    public static LoadedModel Random(
        RandomCheckpointSpec? spec = null, int threads = 1, TransformerOptions? options = null, Action<string>? edit = null)
    {
        var folder = new TemporaryFolder();
        string path = RandomCheckpoint.Write(folder["model"], spec ?? new RandomCheckpointSpec(), 1);
        edit?.Invoke(path);
        return new LoadedModel(path, threads, options, folder);
    }

    /// <summary>Logits behind every token of a window, from one pass without a cache, [tokens][vocabulary].</summary>
    public float[][] Logits(int[] ids)
    {
        using ResidualStream stream = Transformer.Embed([ids]);
        Transformer.RunBlocks(stream, 0, Config.Blocks.Count);
        using var buffer = new NativeBuffer<float>((long)ids.Length * Config.VocabularySize);
        var logits = new TensorView<float>(buffer, ids.Length, Config.VocabularySize);
        Transformer.Logits(stream, [.. Enumerable.Range(0, ids.Length)], logits);
        return [.. Enumerable.Range(0, ids.Length).Select(row => logits[row].ToArray())];
    }

    /// <summary>Losses of windows, see <see cref="ForwardPass.Losses"/>.</summary>
    public float[][] Losses(int[][] windows, IReadOnlyList<ModelGates?>? gates = null, ActivationTap? tap = null) =>
        ForwardPass.Losses(Transformer, windows, gates, tap, cancellationToken: TestContext.Current.CancellationToken);

    /// <summary>Replaces all elements of a float32 tensor on disk, before the model is loaded.</summary>
    public static void Fill(string folder, string tensor, float value)
    {
        int columns;
        long offset;
        using (Checkpoint checkpoint = Checkpoint.Open(folder))
        {
            columns = checked((int)(checkpoint.Find(tensor)!.ByteLength / sizeof(float)));
            offset = checkpoint.Find(tensor)!.ByteOffset;
        }

        byte[] bytes = [.. Enumerable.Repeat(value, columns).SelectMany(BitConverter.GetBytes)];
        using FileStream file = File.OpenWrite(Path.Combine(folder, "model.safetensors"));
        file.Position = offset;
        file.Write(bytes);
    }

    public void Dispose()
    {
        Transformer.Dispose();
        _team.Dispose();
        _checkpoint.Dispose();
        _folder?.Dispose();
    }
}
