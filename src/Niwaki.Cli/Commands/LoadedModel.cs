using Niwaki.Datasets;
using Niwaki.Formats.HuggingFace;
using Niwaki.Kernels;
using Niwaki.Models;
using Niwaki.Tokenizers;

namespace Niwaki.Cli.Commands;

/// <summary>A model folder opened for use: threads, weights and tokenizer together.</summary>
internal sealed class LoadedModel : IDisposable
{
    private readonly ThreadTeam _team;
    private readonly Checkpoint _checkpoint;

    private LoadedModel(ThreadTeam team, Checkpoint checkpoint, Transformer transformer, Tokenizer tokenizer)
    {
        _team = team;
        _checkpoint = checkpoint;
        Transformer = transformer;
        Tokenizer = tokenizer;
    }

    public Transformer Transformer { get; }

    public Tokenizer Tokenizer { get; }

    /// <summary>Token ids of a text, every one of which the model has.</summary>
    public int[] Encode(string text, bool addSpecialTokens = true) =>
        TextTokens.Encode(Tokenizer, text, Transformer.Config.VocabularySize, _checkpoint.Folder, addSpecialTokens);

    /// <summary>Bytes that a pass over so many tokens takes, with the scratch memory of the passes so far.</summary>
    public long MemoryBytes(long tokens) =>
        Transformer.Memory.WeightBytes
        + Math.Min(Transformer.Memory.StreamBytes, ResidualStream.BytesFor(tokens, Transformer.Config.HiddenSize))
        + Transformer.ScratchBytes
        + _team.ScratchBytes;

    public static LoadedModel Open(string folder, int threads, long? memory)
    {
        ThreadTeam? team = null;
        Checkpoint? checkpoint = null;
        try
        {
            checkpoint = Checkpoint.Open(folder);
            ModelConfig config = ModelConfigReader.Read(checkpoint);
            Tokenizer tokenizer = Tokenizer.Load(checkpoint.Folder);
            team = new ThreadTeam(threads);
            return new LoadedModel(team, checkpoint, Transformer.Load(checkpoint, config, team, new TransformerOptions { MemoryBytes = memory }), tokenizer);
        }
        catch
        {
            checkpoint?.Dispose();
            team?.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        Transformer.Dispose();
        _checkpoint.Dispose();
        _team.Dispose();
    }
}
