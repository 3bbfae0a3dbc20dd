using Niwaki.Kernels;
using Niwaki.Models;
using Niwaki.Numerics;
using Niwaki.Tensors;

namespace Niwaki.Training;

/// <summary>Low-rank adapters of a model: y = W x + α/r · B A dropout(x) in place of y = W x (Hu et al., 2021, arXiv 2106.09685, section 4.1).</summary>
/// <remarks>A starts even in ±1/√inputs, as PEFT has it, B with 0, so that the model starts as it is.</remarks>
public sealed class LoraAdapters : IDisposable
{
    private const string Weight = ".weight";
    private const string DownSuffix = ".lora_A.weight";
    private const string UpSuffix = ".lora_B.weight";

    /// <summary>Makes adapters.</summary>
    /// <param name="config">Config of the model.</param>
    /// <param name="options">Valid options.</param>
    /// <param name="seed">Decides A.</param>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    /// <exception cref="OutOfMemoryException">The system refuses the memory.</exception>
    public LoraAdapters(ModelConfig config, LoraOptions options, long seed)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(options);
        if (options.Faults() is [string fault, ..])
        {
            throw new ArgumentException(fault, nameof(options));
        }

        Options = options;
        var layout = new ParameterLayout(config, TensorsOf(config, options));
        Values = new ModelParameters(layout);
        for (int i = 0; i < layout.Tensors.Count; i++)
        {
            ParameterTensor tensor = layout.Tensors[i];
            var random = new SeededRandom(seed, i);
            double bound = 1 / Math.Sqrt(Math.Max(1, tensor.Columns));
            for (int row = 0; row < tensor.Rows && tensor.Name.EndsWith(DownSuffix, StringComparison.Ordinal); row++)
            {
                foreach (ref float value in Values[tensor][row])
                {
                    value = (float)(((2 * random.NextDouble()) - 1) * bound);
                }
            }
        }
    }

    /// <summary>The options.</summary>
    public LoraOptions Options { get; }

    /// <summary>A and B of every adapter, named as PEFT names them without the prefix of its model: <c>model.layers.0.self_attn.q_proj.lora_A.weight</c>.</summary>
    public ModelParameters Values { get; }

    /// <summary>Adds the adapters to the weights: W += α/r · B A.</summary>
    /// <param name="weights">Weights of the model, changed.</param>
    /// <param name="team">Threads.</param>
    public void MergeInto(ModelParameters weights, ThreadTeam team)
    {
        ArgumentNullException.ThrowIfNull(weights);
        for (int block = 0; block < weights.Layout.Config.Blocks.Count; block++)
        {
            foreach (BlockTensor tensor in BlockTensor.Of(weights.Layout.Config.Features, weights.Layout.Config.Blocks[block]))
            {
                if (Find(Values, block, tensor.Role) is not { } adapter)
                {
                    continue;
                }

                using var scaled = new NativeBuffer<float>((long)adapter.Up.Rows * adapter.Up.Columns);
                var up = new TensorView<float>(scaled, adapter.Up.Rows, adapter.Up.Columns);
                Dropout.Apply(team, adapter.Up, up, 0, (float)Options.Scale, 0);
                MatMul.InputGradient(team, up, adapter.Down, weights[weights.Layout.Find(tensor.NameIn(block))!.Value], accumulate: true);
            }
        }
    }

    /// <inheritdoc />
    public void Dispose() => Values.Dispose();

    /// <summary>A, [rank, inputs], and B, [outputs, rank], of a matrix, or their gradients; null where it has no adapter.</summary>
    internal static (TensorView<float> Down, TensorView<float> Up)? Find(ModelParameters parameters, int block, BlockTensorRole role)
    {
        string name = BlockTensor.Of(role).NameIn(block)[..^Weight.Length];
        return parameters.Layout.Find(name + DownSuffix) is { } down ? (parameters[down], parameters[parameters.Layout.Find(name + UpSuffix)!.Value]) : null;
    }

    private static IEnumerable<ParameterTensor> TensorsOf(ModelConfig config, LoraOptions options)
    {
        for (int block = 0; block < config.Blocks.Count; block++)
        {
            BlockShape shape = config.Blocks[block];
            foreach (BlockTensor tensor in BlockTensor.Of(config.Features, shape).Where(tensor => options.Targets.Contains(tensor.Role)))
            {
                string name = tensor.NameIn(block)[..^Weight.Length];
                yield return new ParameterTensor(name + DownSuffix, options.Rank, config.Extent(tensor.Columns!.Value, shape), 0, IsMatrix: true);
                yield return new ParameterTensor(name + UpSuffix, config.Extent(tensor.Rows, shape), options.Rank, 0, IsMatrix: true);
            }
        }
    }
}
