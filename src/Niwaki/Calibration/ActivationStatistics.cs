using Niwaki.Models;
using Niwaki.Tensors;

namespace Niwaki.Calibration;

/// <summary>Statistics of what the units of a model put out: the inputs of every output projection and every down projection.</summary>
/// <remarks>
/// Fed through <see cref="Add"/>, which is an <see cref="ActivationTap"/>; the residual stream, which the tap offers too, is passed over.
/// Windows whose gates switch a sub-layer off do not reach it and count no tokens there. Not thread safe.
/// </remarks>
public sealed class ActivationStatistics
{
    private readonly ChannelStatistics[] _heads;
    private readonly ChannelStatistics[] _neurons;

    /// <summary>Makes empty statistics.</summary>
    /// <param name="config">The model.</param>
    public ActivationStatistics(ModelConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        _heads = [.. config.Blocks.Select(block => new ChannelStatistics(block.Heads * config.HeadDim))];
        _neurons = [.. config.Blocks.Select(block => new ChannelStatistics(block.Neurons))];
    }

    /// <summary>Runs windows through the blocks of a model, not its output head, and collects.</summary>
    /// <param name="model">The model.</param>
    /// <param name="windows">Token ids.</param>
    /// <param name="gates">Gates of every window, or null where all are open.</param>
    /// <param name="cancellationToken">Ends the collecting between two sets of windows.</param>
    /// <exception cref="ArgumentOutOfRangeException">An id is outside the vocabulary.</exception>
    /// <exception cref="ShapeMismatchException">There are not as many gates as windows.</exception>
    /// <exception cref="OperationCanceledException">The collecting was ended.</exception>
    public static ActivationStatistics Collect(
        Transformer model, IReadOnlyList<int[]> windows, IReadOnlyList<ModelGates?>? gates = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(windows);
        if (gates is not null && gates.Count != windows.Count)
        {
            throw new ShapeMismatchException(nameof(gates), $"[{gates.Count}]", $"[{windows.Count}]");
        }

        var statistics = new ActivationStatistics(model.Config);
        foreach ((int first, int count) in ForwardPass.Cut(model, windows))
        {
            cancellationToken.ThrowIfCancellationRequested();
            using ResidualStream stream = model.Embed([.. windows.Skip(first).Take(count)]);
            model.RunBlocks(stream, 0, model.Config.Blocks.Count, gates is null ? null : [.. gates.Skip(first).Take(count)], statistics.Add);
        }

        return statistics;
    }

    /// <summary>Adds the activations of some tokens; to be used as an <see cref="ActivationTap"/>.</summary>
    /// <param name="point">Place in the block; anything but <see cref="TapPoint.AttentionHeads"/> and <see cref="TapPoint.MlpNeurons"/> is passed over.</param>
    /// <param name="block">Index of the block.</param>
    /// <param name="activations">[tokens, width of the place], float32. Read only, not kept.</param>
    /// <exception cref="ShapeMismatchException">The place has another width.</exception>
    public void Add(TapPoint point, int block, TensorView<float> activations) => Find(point, block)?.Add(activations);

    /// <summary>Statistics of the inputs of a block's output projection, [heads × headDim] channels; no channel where the block has no attention.</summary>
    /// <param name="block">Index of the block.</param>
    public ChannelStatistics Heads(int block) => _heads[block];

    /// <summary>Statistics of the inputs of a block's down projection, [neurons] channels; no channel where the block has no MLP.</summary>
    /// <param name="block">Index of the block.</param>
    public ChannelStatistics Neurons(int block) => _neurons[block];

    private ChannelStatistics? Find(TapPoint point, int block) => point switch
    {
        TapPoint.AttentionHeads => _heads[block],
        TapPoint.MlpNeurons => _neurons[block],
        _ => null,
    };
}
