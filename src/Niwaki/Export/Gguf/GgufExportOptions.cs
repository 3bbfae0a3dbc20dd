using Niwaki.Formats.Gguf;

namespace Niwaki.Export.Gguf;

/// <summary>How a model is written as GGUF.</summary>
public sealed record GgufExportOptions
{
    /// <summary>
    /// Encoding of the matrices, one of <see cref="GgufTensorTypes.Writable"/>; null: as they are stored, or F32 with a warning where they differ or are read as F32.
    /// Default null.
    /// </summary>
    public GgufTensorType? Type { get; init; }

    /// <summary>Id of the pre-tokenizer in llama.cpp; null: found from tokenizer.json. Default null.</summary>
    public string? PreTokenizer { get; init; }

    /// <summary>Name that front ends show; null: that of the folder. Default null.</summary>
    public string? Name { get; init; }
}
