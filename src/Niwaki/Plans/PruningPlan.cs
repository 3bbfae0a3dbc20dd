using Niwaki.Formats;
using Niwaki.Models;

namespace Niwaki.Plans;

/// <summary>What a pruning decided: which units of which model stay. The only thing that passes between deciding and cutting.</summary>
/// <remarks>
/// A plan is a JSON file. Indices refer to the source, lists of indices are inclusive ranges [first, last]:
/// <code>
/// {"format": "niwaki-plan", "version": 1, "source": {"name": …, "structure_hash": …, "content_hash": …}, "method": …, "sparsity": …,
///  "seed": …, "recipe": …, "blocks": [{"block": 0, "heads": [[0, 5]], "key_value_heads": [[0, 2]], "neurons": [[0, 12], [14, 511]]}, …]}
/// </code>
/// Every block of the source has its entry; one with empty lists goes as a whole. Where a repair adds biases, a block has <c>output_bias</c> and
/// <c>down_bias</c> too, lists of as many numbers as the hidden size, added to the biases of its o and down projections.
/// </remarks>
public sealed record PruningPlan
{
    /// <summary>Name of the method, such as <c>bonsai</c>.</summary>
    public required string Method { get; init; }

    /// <summary>Target: share of the prunable parameters of the source that was to be removed, 0 to 1.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is no number from 0 to 1.</exception>
    public required double Sparsity
    {
        get;
        init
        {
            PlanTarget.ThrowIfInvalid(value);
            field = value;
        }
    }

    /// <summary>Seed of the method.</summary>
    public required long Seed { get; init; }

    /// <summary>Name of the source, for people: usually that of its folder.</summary>
    public required string SourceName { get; init; }

    /// <summary>Hash of names and shapes of the source's tensors, <see cref="Formats.HuggingFace.Checkpoint.StructureHash"/>.</summary>
    public required string SourceStructureHash { get; init; }

    /// <summary>Hash of the source's tensors with their bytes; null where nobody wanted to wait for it.</summary>
    public string? SourceContentHash { get; init; }

    /// <summary>The recipe in full, as text; null for a plan made by hand.</summary>
    public string? Recipe { get; init; }

    /// <summary>What stays.</summary>
    public required ModelSelection Selection { get; init; }

    /// <summary>What is added to the biases of the sub-layers that stay; null: nothing.</summary>
    public OutputBiases? Biases { get; init; }

    /// <summary>Reads a plan and checks that it is one for a model.</summary>
    /// <param name="path">The file.</param>
    /// <param name="source">The model.</param>
    /// <param name="structureHash">Hash of the model's structure.</param>
    /// <exception cref="ModelFormatException">The file is broken, was made for another model, or keeps what the model does not have.</exception>
    /// <exception cref="UnsupportedModelException">The file has a version that is not known.</exception>
    /// <exception cref="IOException">The file does not exist or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    public static PruningPlan Read(string path, ModelConfig source, string structureHash)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(source);
        ArgumentException.ThrowIfNullOrEmpty(structureHash);
        return PlanReader.Read(path, source, structureHash);
    }

    /// <summary>Reads a plan for somebody who shows it and does not have the model at hand: sizes are checked, the hash of the model is not.</summary>
    /// <param name="path">The file.</param>
    /// <param name="source">Sizes of the model that the plan was made for.</param>
    /// <exception cref="ModelFormatException">The file is broken, or keeps what a model of these sizes does not have.</exception>
    /// <exception cref="UnsupportedModelException">The file has a version that is not known.</exception>
    /// <exception cref="IOException">The file does not exist or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    public static PruningPlan ReadForShapes(string path, ModelConfig source)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(source);
        return PlanReader.Read(path, source, null);
    }

    /// <summary>Writes the plan to a file that appears whole or not at all. Equal plans give equal bytes.</summary>
    /// <param name="path">Target; its folder exists. An existing file is replaced.</param>
    /// <exception cref="IOException">The folder does not exist, the disk is full, or the target cannot be replaced.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder or the target may not be written.</exception>
    public void Write(string path) => AtomicFile.Write(path, stream => PlanWriter.Write(stream, this));
}
