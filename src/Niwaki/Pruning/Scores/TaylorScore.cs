using Niwaki.Models;
using Niwaki.Plans;
using Niwaki.Pruning.Allocation;
using Niwaki.Pruning.Decisions;
using Niwaki.Tensors;
using Niwaki.Training;

namespace Niwaki.Pruning.Scores;

/// <summary>First-order estimate of what the loss changes by without a unit. Needs gradients; see <see cref="TaylorGradients"/>.</summary>
/// <remarks>
/// Blocks and sub-layers: Σ over weights of |w · ∂L/∂w|, matrices and norms, the gradient summed with its sign over batches (Shortened LLaMA, criterion "taylor").
/// KV groups and neurons: |∂L/∂gate| of the gate on the unit's output, which is |Σ w · ∂L/∂w| over the unit's columns of the output projection, since closing the gate
/// is scaling them to 0 (Molchanov et al., 2017, arXiv 1611.06440, equation 9).
/// </remarks>
internal sealed class TaylorScore : IUnitScore
{
    /// <inheritdoc />
    public double[] Score(PruningContext context, IReadOnlyList<Unit> units)
    {
        using var gradients = TaylorGradients.Compute(context, context.Calibration);
        context.CountTokens(context.CalibrationTokens);
        return [.. units.Select(unit => Of(gradients, unit))];
    }

    /// <summary>Scores of the width units of what is left of a model, for each sub-layer [units]; what is not finite is 0.</summary>
    public static double[][] OfWidth(
        PruningContext context, IReadOnlyList<int[]> windows, ModelSelection selection, OutputBiases? biases, IReadOnlyList<SubLayerUnits> subLayers)
    {
        using var gradients = TaylorGradients.Compute(context, windows, selection, biases);
        return
        [
            .. subLayers.Select(units => Gates(gradients, units.Block, units.Kind).Select(gate => double.IsFinite(gate) ? Math.Abs(gate) : 0).ToArray()),
        ];
    }

    /// <summary>The derivative of the loss along the gate on every KV group or neuron of a block.</summary>
    internal static double[] Gates(TaylorGradients gradients, int block, UnitKind kind) => kind == UnitKind.Neuron
        ? NeuronGates(gradients, block)
        : [.. HeadGates(gradients, block).Chunk(gradients.Config.Blocks[block].HeadsPerGroup).Select(group => group.Sum())];

    /// <summary>The derivative of the loss along the gate on a query head, [heads of the block].</summary>
    internal static double[] HeadGates(TaylorGradients gradients, int block)
    {
        double[] channels = Columns(gradients, block, BlockTensorRole.Output);
        return [.. channels.Chunk(gradients.Config.HeadDim).Select(head => head.Sum())];
    }

    /// <summary>The derivative of the loss along the gate on a neuron, [neurons of the block].</summary>
    internal static double[] NeuronGates(TaylorGradients gradients, int block) => Columns(gradients, block, BlockTensorRole.Down);

    private static double Of(TaylorGradients gradients, Unit unit) => unit.Kind is UnitKind.Neuron or UnitKind.KeyValueGroup
        ? Math.Abs(Gates(gradients, unit.Block, unit.Kind)[unit.Index])
        : BlockTensor.Of(gradients.Config.Features, gradients.Config.Blocks[unit.Block])
            .Where(tensor => WeightSumScore.BelongsTo(tensor, unit) && !WeightSumScore.IsBias(tensor.Role))
            .Sum(tensor => Products(gradients, tensor.NameIn(unit.Block), (_, product, sum) => sum + Math.Abs(product), 0.0));

    /// <summary>Σ over rows of w · ∂L/∂w for every column of an output projection.</summary>
    private static double[] Columns(TaylorGradients gradients, int block, BlockTensorRole role)
    {
        string name = BlockTensor.Of(role).NameIn(block);
        return Products(
            gradients,
            name,
            (column, product, sums) =>
            {
                sums[column] += product;
                return sums;
            },
            new double[gradients.Weights.Layout.Find(name)!.Value.Columns]);
    }

    private static T Products<T>(TaylorGradients gradients, string name, Func<int, double, T, T> add, T start)
    {
        ParameterTensor tensor = gradients.Weights.Layout.Find(name)!.Value;
        TensorView<float> weights = gradients.Weights[tensor], slopes = gradients.Gradients[tensor];
        for (int row = 0; row < tensor.Rows; row++)
        {
            for (int column = 0; column < tensor.Columns; column++)
            {
                start = add(column, (double)weights[row][column] * slopes[row][column], start);
            }
        }

        return start;
    }
}
