using Niwaki.Formats.HuggingFace;
using Niwaki.Formats.Safetensors;
using Niwaki.Kernels;
using Niwaki.Models;
using Niwaki.Plans;
using Niwaki.Pruning.Decisions;
using Niwaki.Tensors;

namespace Niwaki.Pruning.Scores;

/// <summary>Σ |w|^p over the matrices and norms of a block or sub-layer (Shortened LLaMA, criterion "magnitude"); biases are left out.</summary>
internal sealed class WeightSumScore(int power) : IUnitScore
{
    /// <inheritdoc />
    public double[] Score(PruningContext context, IReadOnlyList<Unit> units)
    {
        double[] scores = new double[units.Count];
        context.Team.For(units.Count, 1, i => scores[i] = OfUnit(context.Checkpoint, context.Config, units[i]));
        return scores;
    }

    private double OfUnit(Checkpoint checkpoint, ModelConfig config, Unit unit)
    {
        BlockShape shape = config.Blocks[unit.Block];
        double sum = 0;
        foreach (BlockTensor tensor in BlockTensor.Of(config.Features, shape).Where(tensor => BelongsTo(tensor, unit) && !IsBias(tensor.Role)))
        {
            int rows = config.Extent(tensor.Rows, shape);
            string name = tensor.NameIn(unit.Block);
            using BorrowedWeights weights = tensor.Columns is { } axis ? checkpoint.Borrow(name, rows, config.Extent(axis, shape)) : checkpoint.Borrow(name, rows);
            sum += Sum(weights.View);
        }

        return sum;
    }

    internal static bool BelongsTo(BlockTensor tensor, Unit unit) => unit.Kind switch
    {
        UnitKind.Attention => tensor.SubLayer == SubLayer.Attention,
        UnitKind.Mlp => tensor.SubLayer == SubLayer.Mlp,
        _ => true,
    };

    internal static bool IsBias(BlockTensorRole role) => role is BlockTensorRole.QueryBias or BlockTensorRole.KeyBias or BlockTensorRole.ValueBias
        or BlockTensorRole.OutputBias or BlockTensorRole.GateBias or BlockTensorRole.UpBias or BlockTensorRole.DownBias;

    private double Sum(WeightView weights)
    {
        double sum = 0;
        float[] row = new float[weights.Columns];
        for (int r = 0; r < weights.Rows; r++)
        {
            WeightValues.Widen(weights, r, row);
            foreach (float w in row)
            {
                sum += power == 2 ? (double)w * w : Math.Abs(w);
            }
        }

        return sum;
    }
}
