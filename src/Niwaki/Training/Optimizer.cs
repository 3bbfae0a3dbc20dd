using Niwaki.Kernels;

namespace Niwaki.Training;

/// <summary>AdamW over the trained parameters of a model: float32 weights and moments, gradients clipped by their global norm.</summary>
/// <remarks>Matrices decay, norms and biases do not. Same bits for any number of threads. Not thread safe.</remarks>
public sealed class Optimizer : IDisposable
{
    private readonly TrainingOptions _options;
    private readonly ThreadTeam _team;

    /// <summary>Starts with moments of 0.</summary>
    /// <param name="layout">The parameters that are trained.</param>
    /// <param name="options">Decays and clipping; valid.</param>
    /// <param name="team">Threads; must outlive this object.</param>
    /// <exception cref="OutOfMemoryException">The system refuses the memory: 8 bytes a parameter.</exception>
    public Optimizer(ParameterLayout layout, TrainingOptions options, ThreadTeam team)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(team);
        _options = options;
        _team = team;
        FirstMoment = new ModelParameters(layout);
        SecondMoment = new ModelParameters(layout);
    }

    /// <summary>Steps done.</summary>
    public long Step { get; internal set; }

    /// <summary>Running means of the gradients.</summary>
    public ModelParameters FirstMoment { get; }

    /// <summary>Running means of their squares.</summary>
    public ModelParameters SecondMoment { get; }

    /// <summary>The global norm of gradients: the root of the sum of all squares.</summary>
    /// <param name="gradients">Gradients.</param>
    public double Norm(ModelParameters gradients)
    {
        ArgumentNullException.ThrowIfNull(gradients);
        double sum = 0;
        foreach (ParameterTensor tensor in gradients.Layout.Tensors)
        {
            sum += SumOfSquares.Of(_team, gradients[tensor]);
        }

        return Math.Sqrt(sum);
    }

    /// <summary>Moves the weights by one step.</summary>
    /// <param name="model">The model, changed.</param>
    /// <param name="gradients">Gradients of the step; not changed.</param>
    /// <param name="norm">Their global norm, finite.</param>
    public void Apply(TrainableModel model, ModelParameters gradients, double norm)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(gradients);
        Step++;
        var step = new AdamStep(
            _options.Rates.Rate(Step),
            _options.Beta1,
            _options.Beta2,
            _options.Epsilon,
            _options.WeightDecay,
            norm > _options.ClipNorm ? _options.ClipNorm / norm : 1,
            Step);
        foreach (ParameterTensor tensor in gradients.Layout.Tensors)
        {
            AdamW.Update(
                _team, model[tensor], gradients[tensor], FirstMoment[tensor], SecondMoment[tensor], tensor.IsMatrix ? step : step with { WeightDecay = 0 });
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        FirstMoment.Dispose();
        SecondMoment.Dispose();
    }
}
