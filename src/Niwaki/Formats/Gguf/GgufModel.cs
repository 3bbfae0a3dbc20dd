using System.Text.Json.Nodes;

namespace Niwaki.Formats.Gguf;

/// <summary>A GGUF file as the Hugging Face model folder that it stands for.</summary>
internal sealed class GgufModel
{
    private readonly GgufFile _file;

    private GgufModel(GgufFile file, JsonObject config, GgufWeights weights)
    {
        _file = file;
        Config = config;
        Weights = weights;
    }

    /// <summary>config.json.</summary>
    public JsonObject Config { get; }

    /// <summary>The tensors; disposing of them closes the file.</summary>
    public GgufWeights Weights { get; }

    /// <summary>Opens a file.</summary>
    /// <exception cref="ModelFormatException">The file breaks its format, or its metadata are at odds with each other.</exception>
    /// <exception cref="UnsupportedModelException">It holds a model of an unknown kind.</exception>
    public static GgufModel Open(string path)
    {
        var file = GgufFile.Open(path);
        try
        {
            var architecture = GgufArchitecture.Of(file);
            GgufBlock[] blocks = GgufBlock.Of(file, architecture);
            int headDim = GgufConfig.HeadDim(file, architecture, blocks);
            JsonObject config = GgufConfig.Of(file, architecture, blocks, headDim);
            return new GgufModel(file, config, new GgufWeights(file, GgufWeightMap.Of(file, architecture, blocks, headDim)));
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>The tokenizer files of such a folder, by name.</summary>
    /// <exception cref="ModelFormatException">The vocabulary is at odds with itself.</exception>
    /// <exception cref="UnsupportedModelException">It is of an unknown kind.</exception>
    public IReadOnlyDictionary<string, byte[]> TokenizerFiles() => GgufTokenizerFiles.Of(_file);
}
