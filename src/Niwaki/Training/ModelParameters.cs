using Niwaki.Formats.HuggingFace;
using Niwaki.Formats.Safetensors;
using Niwaki.Kernels;
using Niwaki.Kernels.Cpu;
using Niwaki.Models;
using Niwaki.Numerics;
using Niwaki.Tensors;

namespace Niwaki.Training;

/// <summary>One float32 number for each parameter of a model: its values, the gradients of a loss, or moments of gradients.</summary>
public sealed unsafe class ModelParameters : IDisposable
{
    private readonly NativeBuffer<float> _buffer;

    /// <summary>Takes zeroed memory.</summary>
    /// <param name="layout">Where every parameter lies.</param>
    /// <exception cref="OutOfMemoryException">The system refuses the memory.</exception>
    public ModelParameters(ParameterLayout layout)
    {
        ArgumentNullException.ThrowIfNull(layout);
        Layout = layout;
        _buffer = new NativeBuffer<float>(layout.Count);
    }

    /// <summary>Where every parameter lies.</summary>
    public ParameterLayout Layout { get; }

    /// <summary>All numbers.</summary>
    internal float* Pointer => _buffer.Pointer;

    /// <summary>Reads the weights of a checkpoint, widened to float32.</summary>
    /// <param name="checkpoint">The model folder.</param>
    /// <param name="config">Its config.</param>
    /// <exception cref="Formats.ModelFormatException">A tensor is missing or has another shape than the config says.</exception>
    /// <exception cref="Formats.UnsupportedModelException">A tensor's element type is none of F32, F16, BF16.</exception>
    /// <exception cref="OutOfMemoryException">The system refuses the memory.</exception>
    public static ModelParameters Load(Checkpoint checkpoint, ModelConfig config)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        var parameters = new ModelParameters(new ParameterLayout(config));
        try
        {
            foreach (ParameterTensor tensor in parameters.Layout.Tensors)
            {
                using BorrowedWeights stored = tensor.IsMatrix ? checkpoint.Borrow(tensor.Name, tensor.Rows, tensor.Columns) : checkpoint.Borrow(tensor.Name, tensor.Columns);
                TensorView<float> values = parameters[tensor];
                for (int row = 0; row < tensor.Rows; row++)
                {
                    WeightValues.Widen(stored.View, row, values[row]);
                }
            }

            return parameters;
        }
        catch
        {
            parameters.Dispose();
            throw;
        }
    }

    /// <summary>Draws the weights of a new model.</summary>
    /// <remarks>
    /// Matrices are normal with the given standard deviation, those that write to the residual stream divided by the root of the number of such matrices
    /// (Radford et al., 2019, section 2.3); norms are 1 and biases 0. Every tensor has a sequence of its own.
    /// </remarks>
    /// <param name="config">Config of the model.</param>
    /// <param name="seed">Decides the weights.</param>
    /// <param name="deviation">Standard deviation of the matrices, above 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">The deviation is not positive and finite.</exception>
    /// <exception cref="OutOfMemoryException">The system refuses the memory.</exception>
    public static ModelParameters Random(ModelConfig config, long seed, double deviation = 0.02)
    {
        ArgumentNullException.ThrowIfNull(config);
        if (!(deviation > 0 && double.IsFinite(deviation)))
        {
            throw new ArgumentOutOfRangeException(nameof(deviation), deviation, $"Standard deviation is {deviation}, expected a finite number above 0.");
        }

        var parameters = new ModelParameters(new ParameterLayout(config));
        string[] intoStream = [BlockTensor.Of(BlockTensorRole.Output).Suffix, BlockTensor.Of(BlockTensorRole.Down).Suffix];
        IReadOnlyList<ParameterTensor> tensors = parameters.Layout.Tensors;
        bool IntoStream(ParameterTensor tensor) => intoStream.Any(suffix => tensor.Name.EndsWith(suffix, StringComparison.Ordinal));
        double damping = Math.Sqrt(Math.Max(1, tensors.Count(IntoStream)));
        for (int i = 0; i < tensors.Count; i++)
        {
            ParameterTensor tensor = tensors[i];
            var random = new SeededRandom(seed, i);
            double scale = IntoStream(tensor) ? deviation / damping : deviation;
            float constant = tensor.Name.EndsWith("norm.weight", StringComparison.Ordinal) ? 1 : 0;
            for (int row = 0; row < tensor.Rows; row++)
            {
                foreach (ref float value in parameters[tensor][row])
                {
                    value = tensor.IsMatrix ? (float)(random.NextNormal() * scale) : constant;
                }
            }
        }

        return parameters;
    }

    /// <summary>The numbers of one tensor, [rows, columns]; owned by this object.</summary>
    /// <param name="tensor">A tensor of the layout.</param>
    public TensorView<float> this[ParameterTensor tensor] => new(_buffer.Pointer + tensor.Offset, tensor.Rows, tensor.Columns, tensor.Columns);

    /// <summary>Sets all numbers to 0.</summary>
    public void Clear()
    {
        foreach (ParameterTensor tensor in Layout.Tensors)
        {
            TensorView<float> values = this[tensor];
            for (int row = 0; row < values.Rows; row++)
            {
                values[row].Clear();
            }
        }
    }

    /// <summary>Adds the numbers of others, one after the other.</summary>
    /// <param name="team">The threads that run it.</param>
    /// <param name="others">Parameters of the same layout. Read only.</param>
    internal void Add(ThreadTeam team, IReadOnlyList<ModelParameters> others) =>
        team.For(checked((int)((Layout.Count + SumKernel.Chunk - 1) / SumKernel.Chunk)), 1, new SumKernel((nint)Pointer, [.. others.Select(other => (nint)other.Pointer)], Layout.Count));

    /// <inheritdoc />
    public void Dispose() => _buffer.Dispose();
}
