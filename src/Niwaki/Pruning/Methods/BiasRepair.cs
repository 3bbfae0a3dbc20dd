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
        ThrowIfImpossible(context.Config);
    }

    /// <summary>Refuses a model that has no place for biases.</summary>
    /// <exception cref="PruningException">It cannot be written with them.</exception>
    public static void ThrowIfImpossible(ModelConfig config)
    {
        if (!BiasTensors.CanBeAddedTo(config))
        {
            throw new PruningException(
                $"Repair is bias, expected none for a model of type '{config.Architecture.ModelType}': its format has no place for biases. Models of type 'llama' have.");
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
            biases.Set(subLayer.Key.Block, kind, Contributions(subLayer.Key.Block, kind, [Parts(subLayer, unit => _means[unit])])[0]);
        }

        return biases;
    }

    /// <summary>What groups of units put out on average, each of which would make up for the group.</summary>
    /// <param name="round">A round.</param>
    /// <param name="means">Means of all channels in it.</param>
    /// <param name="groups">Groups of one sub-layer of it.</param>
    /// <returns>[groups][hidden].</returns>
    public float[][] Contributions(WidthRound round, IReadOnlyList<double[]> means, IReadOnlyList<UnitGroup> groups)
    {
        SubLayerUnits units = groups[0].Units;
        double[] own = means[groups[0].SubLayer];
        int width = own.Length / units.Count;
        int block = round.ToSource(units[0]).Block;
        return Contributions(block, units.SubLayer, [.. groups.Select(group =>
        {
            var bySource = group.Members.ToDictionary(member => round.ToSource(units[member]), member => own[(member * width)..((member + 1) * width)]);
            return Parts(bySource.Keys, unit => bySource[unit]);
        })]);
    }

    private static (int First, double[] Means)[] Parts(IEnumerable<Unit> units, Func<Unit, double[]> means) =>
        [.. units.OrderBy(unit => unit.Index).Select(unit => (unit.Index * means(unit).Length, means(unit)))];

    private float[][] Contributions(int block, SubLayer subLayer, IReadOnlyList<(int First, double[] Means)[]> groups)
    {
        ModelConfig config = _context.Config;
        BlockTensor tensor = BlockTensor.Of(subLayer == SubLayer.Attention ? BlockTensorRole.Output : BlockTensorRole.Down);
        int columns = config.Extent(tensor.Columns!.Value, config.Blocks[block]);
        using BorrowedWeights matrix = _context.Checkpoint.Borrow(tensor.NameIn(block), config.HiddenSize, columns);
        float[] row = new float[columns];
        float[][] contributions = [.. groups.Select(_ => new float[config.HiddenSize])];
        for (int r = 0; r < config.HiddenSize; r++)
        {
            WeightValues.Widen(matrix.View, r, row);
            for (int g = 0; g < groups.Count; g++)
            {
                contributions[g][r] = Dot(groups[g], row);
            }
        }

        return contributions;
    }

    private static float Dot((int First, double[] Means)[] parts, float[] row)
    {
        double sum = 0;
        foreach ((int first, double[] means) in parts)
        {
            for (int c = 0; c < means.Length; c++)
            {
                sum += row[first + c] * means[c];
            }
        }

        return (float)sum;
    }
}
