using Niwaki.Models;
using Niwaki.Tensors;

namespace Niwaki.Training;

/// <summary>The weights of a model with what is trained of it: all weights, or adapters and perhaps the output head.</summary>
public sealed class TrainableModel
{
    /// <summary>A model whose every weight is trained.</summary>
    /// <param name="weights">Its weights; must outlive this object.</param>
    public TrainableModel(ModelParameters weights)
    {
        ArgumentNullException.ThrowIfNull(weights);
        Weights = weights;
        Trained = weights.Layout;
    }

    /// <summary>A model with adapters.</summary>
    /// <param name="weights">Its weights, of which at most the output head changes; must outlive this object.</param>
    /// <param name="adapters">Adapters of the same model; must outlive this object.</param>
    /// <exception cref="ArgumentException">The adapters belong to another model.</exception>
    public TrainableModel(ModelParameters weights, LoraAdapters adapters)
    {
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentNullException.ThrowIfNull(adapters);
        ModelConfig config = weights.Layout.Config;
        if (!ReferenceEquals(adapters.Values.Layout.Config, config))
        {
            throw new ArgumentException($"Adapters have {adapters.Values.Layout.Count} parameters of another model, expected those of the weights.", nameof(adapters));
        }

        Weights = weights;
        Adapters = adapters;
        IEnumerable<ParameterTensor> tensors = adapters.Values.Layout.Tensors;
        Trained = new ParameterLayout(config, adapters.Options.TrainHead ? tensors.Append(weights.Layout.Find(ParameterLayout.HeadName(config))!.Value) : tensors);
    }

    /// <summary>All weights of the model.</summary>
    public ModelParameters Weights { get; }

    /// <summary>The adapters, or null.</summary>
    public LoraAdapters? Adapters { get; }

    /// <summary>What is trained.</summary>
    public ParameterLayout Trained { get; }

    /// <summary>The numbers of a trained tensor, [rows, columns]; owned by the weights or the adapters.</summary>
    /// <param name="tensor">A tensor of <see cref="Trained"/>.</param>
    public TensorView<float> this[ParameterTensor tensor] =>
        Adapters?.Values.Layout.Find(tensor.Name) is { } own ? Adapters.Values[own] : Weights[Weights.Layout.Find(tensor.Name)!.Value];
}
