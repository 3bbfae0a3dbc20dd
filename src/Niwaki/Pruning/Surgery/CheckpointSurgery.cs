using Niwaki.Formats;
using Niwaki.Formats.HuggingFace;
using Niwaki.Formats.Safetensors;
using Niwaki.Models;
using Niwaki.Plans;

namespace Niwaki.Pruning.Surgery;

/// <summary>Applies a plan to a checkpoint: writes a smaller model folder.</summary>
/// <remarks>
/// A pure function of source and plan: the same bytes every time. Elements keep their type and their bits; nothing is computed but the biases that a
/// plan adds, which are float32. Tensors stream one
/// after another, so that memory for one row is enough. Beside config and weights the folder gets the source's tokenizer, template and licence
/// files byte for byte and a model card.
/// </remarks>
public static class CheckpointSurgery
{
    /// <summary>Writes the model that a plan describes.</summary>
    /// <param name="source">The model that the plan was made for.</param>
    /// <param name="config">Its config.</param>
    /// <param name="plan">What stays.</param>
    /// <param name="targetFolder">The new model folder; nothing is there yet. It appears by rename when it is complete.</param>
    /// <param name="options">How to write; null: the defaults.</param>
    /// <param name="progress">Told after every tensor; null: nobody.</param>
    /// <param name="cancellationToken">Looked at between rows.</param>
    /// <exception cref="ArgumentException">The plan was made for another model, or keeps units that this one does not have.</exception>
    /// <exception cref="ModelFormatException">A tensor that stays is missing or has another shape than the config says.</exception>
    /// <exception cref="UnsupportedModelException">A tensor to be cut is none of F32, F16 and BF16.</exception>
    /// <exception cref="IOException">The target exists already, a file cannot be read, or the disk is full.</exception>
    /// <exception cref="UnauthorizedAccessException">A file may not be read or written.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static void Apply(
        Checkpoint source,
        ModelConfig config,
        PruningPlan plan,
        string targetFolder,
        SurgeryOptions? options = null,
        IProgress<SurgeryProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentException.ThrowIfNullOrEmpty(targetFolder);
        if (plan.SourceStructureHash != source.StructureHash)
        {
            throw new ArgumentException(
                $"Plan was made for '{MessageText.Shown(plan.SourceName)}' with structure hash {plan.SourceStructureHash}, "
                + $"expected {source.StructureHash}, that of the model given.",
                nameof(plan));
        }

        // Tensors of equal shapes can still be cut into other heads: the indices must fit this config.
        var selection = new ModelSelection(config, plan.Selection.Blocks);
        IReadOnlyList<TensorCut> cuts = BiasTensors.Add(TensorMap.Of(source, config, selection), source, config, selection, plan.Biases);
        ConfigDocument document = ConfigSurgery.Apply(source.Config, config, selection, plan.Biases is not null);
        bool isStock = ConfigSurgery.IsStock(document);
        var weights = new CheckpointWriter([.. cuts.Select(cut => cut.Target)], (options ?? new SurgeryOptions()).MaxShardBytes);
        NewFolder.Build(targetFolder, folder =>
        {
            document.WriteTo(Path.Combine(folder, ModelFolder.ConfigName));
            source.CopySideFiles(folder);
            AtomicFile.WriteAllText(Path.Combine(folder, ModelCard.FileName), ModelCard.Text(plan, config, isStock));
            WriteWeights(source, cuts, weights, folder, progress, cancellationToken);
        });
    }

    private static void WriteWeights(
        Checkpoint source,
        IReadOnlyList<TensorCut> cuts,
        CheckpointWriter writer,
        string folder,
        IProgress<SurgeryProgress>? progress,
        CancellationToken cancellationToken)
    {
        long totalBytes = cuts.Sum(cut => cut.Target.ByteLength);
        long bytes = 0;
        int written = 0;
        writer.Write(
            folder,
            (target, stream) =>
            {
                TensorCut cut = cuts[written++];
                if (cut.Values is { } values)
                {
                    LittleEndian.Write(values, stream);
                }
                else if (cut.IsCut)
                {
                    using BorrowedWeights stored = Borrow(source, cut.Source);
                    TensorCutter.Write(stored.View, cut.Rows, cut.Columns, stream, cancellationToken);
                }
                else
                {
                    source.CopyTensor(cut.Source, stream, cancellationToken);
                }

                bytes += target.ByteLength;
                progress?.Report(new SurgeryProgress(target.Name, written, cuts.Count, bytes, totalBytes));
            },
            cancellationToken);
    }

    /// <summary>A tensor of which the shape was checked when the cuts were planned.</summary>
    private static BorrowedWeights Borrow(Checkpoint source, string name)
    {
        IReadOnlyList<long> shape = source.Find(name)!.Shape;
        return shape.Count == 1 ? source.Borrow(name, (int)shape[0]) : source.Borrow(name, (int)shape[0], (int)shape[1]);
    }
}
