using Niwaki.Datasets;
using Niwaki.Formats.HuggingFace;
using Niwaki.Kernels;
using Niwaki.Models;
using Niwaki.Tokenizers;
using Niwaki.Tokenizers.Chat;

namespace Niwaki.Cli.Commands;

/// <summary>A model folder opened for use: threads, weights and tokenizer together.</summary>
internal sealed class LoadedModel : IDisposable
{
    private readonly ThreadTeam _team;
    private readonly Checkpoint _checkpoint;

    private readonly Lazy<Tokenizer> _tokenizer;

    private LoadedModel(ThreadTeam team, Checkpoint checkpoint, Transformer transformer, Lazy<Tokenizer> tokenizer)
    {
        _team = team;
        _checkpoint = checkpoint;
        Transformer = transformer;
        _tokenizer = tokenizer;
    }

    public Transformer Transformer { get; }

    /// <summary>The tokenizer; where it was not needed when the model was opened, it is loaded now.</summary>
    public Tokenizer Tokenizer => _tokenizer.Value;

    /// <summary>Whether the model has files of a tokenizer.</summary>
    public bool HasTokenizer => _checkpoint.SideFiles.Any(name => name is "tokenizer.json" or "tokenizer.model");

    /// <summary>Token ids of a text, every one of which the model has.</summary>
    public int[] Encode(string text, bool addSpecialTokens = true) =>
        TextTokens.Encode(Tokenizer, text, Transformer.Config.VocabularySize, _checkpoint.Folder, addSpecialTokens);

    /// <summary>Refuses a tokenizer whose begin or end of a text the model does not have, before either is used by itself.</summary>
    public void CheckMarkers() => TextTokens.CheckMarkers(Tokenizer, Transformer.Config.VocabularySize, _checkpoint.Folder);

    /// <summary>How the model wants conversations written.</summary>
    /// <param name="option">The option that asks for it, for the message.</param>
    /// <param name="name">Name of one of several templates; null: the default.</param>
    /// <exception cref="UsageException">It does not say.</exception>
    public ChatTemplate ReadChatTemplate(string option, string? name = null) => ChatTemplate.Read(_checkpoint.Folder, name)
        ?? throw new UsageException($"'{_checkpoint.Folder}' has no chat template, expected chat_template.jinja or one in tokenizer_config.json. Leave {option} out.");

    /// <summary>Bytes that a pass over so many tokens takes, with the scratch memory of the passes so far.</summary>
    public long MemoryBytes(long tokens) =>
        Transformer.Memory.WeightBytes
        + Math.Min(Transformer.Memory.StreamBytes, ResidualStream.BytesFor(tokens, Transformer.Config.HiddenSize))
        + Transformer.ScratchBytes
        + _team.ScratchBytes;

    /// <param name="folder">The model.</param>
    /// <param name="threads">Threads.</param>
    /// <param name="memory">Bytes for weights and stream; null: everything stays in memory.</param>
    /// <param name="needsTokenizer">Whether a missing or broken tokenizer is to be said before the weights are loaded.</param>
    public static LoadedModel Open(string folder, int threads, long? memory, bool needsTokenizer = true)
    {
        ThreadTeam? team = null;
        Checkpoint? checkpoint = null;
        try
        {
            checkpoint = Checkpoint.Open(folder);
            ModelConfig config = ModelConfigReader.Read(checkpoint);
            string tokenizerFolder = checkpoint.Folder;
            var tokenizer = new Lazy<Tokenizer>(() => Tokenizer.Load(tokenizerFolder));
            _ = needsTokenizer ? tokenizer.Value : null;
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
