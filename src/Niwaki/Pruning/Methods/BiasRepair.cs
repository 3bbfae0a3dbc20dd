using Niwaki.Formats.Safetensors;
using Niwaki.Kernels;
using Niwaki.Models;
using Niwaki.Plans;
using Niwaki.Pruning.Allocation;
using Niwaki.Pruning.Decisions;
using Niwaki.Pruning.Surgery;

namespace Niwaki.Pruning.Methods;

/// <summary>Puts the mean contribution of removed units into biases of the output projections.</summary>
/// <remarks>
/// b[r] = Σ_c W[r,c] · mean_t a_c(t) over the removed channels c, each mean taken on the model that was left when the channel went, so that the
/// biases of all rounds are a sum. Source: FLAP (arXiv 2312.11983); the code behind Bonsai averages over rounds where the sum is due.
/// Float64, rounded once.
/// </remarks>
internal sealed class BiasRepair
{
    private readonly PruningContext _context;
    private readonly Dictionary<Unit, double[]> _means = [];

    /// <summary>Begins with nothing removed.</summary>
    /// <param name="context">The run.</param>
    /// <exception cref="PruningException">The model cannot be written with such biases.</exception>
    public BiasRepair(PruningContext context)
    {
        _context = context;
        if (!BiasTensors.CanBeAddedTo(context.Config))
        {
            throw new PruningException(
                $"Repair is bias, expected none for a model of type '{context.Config.Architecture.ModelType}': its format has no place for biases. Models of type 'llama' have.");
        }
    }

    /// <summary>Notes what removed units put out on average.</summary>
    /// <param name="round">The round that they go in.</param>
    /// <param name="means">Means of all channels in it.</param>
    /// <param name="steps">Steps by indices of the round.</param>
    public void Note(WidthRound round, IReadOnlyList<double[]> means, IEnumerable<RemovalStep> steps)
    {
        foreach (RemovalStep step in steps)
        {
            RemovalStep source = round.ToSource(step);
            for (int i = 0; i < step.Units.Count; i++)
            {
                Unit unit = step.Units[i];
                int subLayer = Enumerable.Range(0, round.SubLayers.Count).First(s => round.SubLayers[s].Block == unit.Block && round.SubLayers[s].Kind == unit.Kind);
                int width = means[subLayer].Length / round.SubLayers[subLayer].Count;
                _means[source.Units[i]] = means[subLayer][(unit.Index * width)..((unit.Index + 1) * width)];
            }
        }
    }

    /// <summary>The biases of a selection.</summary>
    /// <param name="removed">Units that are gone, each noted before.</param>
    public OutputBiases Biases(IEnumerable<Unit> removed)
    {
        var biases = new OutputBiases(_context.Config);
        foreach (IGrouping<(int Block, UnitKind Kind), Unit> subLayer in removed.GroupBy(unit => (unit.Block, unit.Kind)))
        {
            SubLayer kind = subLayer.Key.Kind == UnitKind.KeyValueGroup ? SubLayer.Attention : SubLayer.Mlp;
            biases.Set(subLayer.Key.Block, kind, Contribution(subLayer.Key.Block, kind, subLayer));
        }

        return biases;
    }

    private float[] Contribution(int block, SubLayer subLayer, IEnumerable<Unit> units)
    {
        ModelConfig config = _context.Config;
        BlockTensor tensor = BlockTensor.Of(subLayer == SubLayer.Attention ? BlockTensorRole.Output : BlockTensorRole.Down);
        int columns = config.Extent(tensor.Columns!.Value, config.Blocks[block]);
        using BorrowedWeights matrix = _context.Checkpoint.Borrow(tensor.NameIn(block), config.HiddenSize, columns);
        (int First, double[] Means)[] parts = [.. units.OrderBy(unit => unit.Index).Select(unit => (unit.Index * _means[unit].Length, _means[unit]))];
        float[] row = new float[columns];
        float[] bias = new float[config.HiddenSize];
        for (int r = 0; r < bias.Length; r++)
        {
            WeightValues.Widen(matrix.View, r, row);
            double sum = 0;
            foreach ((int first, double[] means) in parts)
            {
                for (int c = 0; c < means.Length; c++)
                {
                    sum += row[first + c] * means[c];
                }
            }

            bias[r] = (float)sum;
        }

        return bias;
    }
}
