using Niwaki.Models;
using Niwaki.Plans;
using Niwaki.Pruning.Decisions;
using Niwaki.Tensors;

namespace Niwaki.Pruning.Scores;

/// <summary>Block Influence: 1 − the mean over tokens of the cosine between the residual stream in front of a unit and behind it.</summary>
/// <remarks>Source: ShortGPT, arXiv 2403.03853, equation 1; for a sub-layer the same between its own ends. One pass over the calibration windows.</remarks>
internal sealed class InfluenceScore : IUnitScore
{
    /// <inheritdoc />
    public double[] Score(PruningContext context, IReadOnlyList<Unit> units)
    {
        using Transformer model = context.LoadModel();
        var sums = new double[3][]; // attention, MLP, block
        for (int i = 0; i < sums.Length; i++)
        {
            sums[i] = new double[model.Config.Blocks.Count];
        }

        ModelGates[] only = [Only(model.Config, SubLayer.Attention), Only(model.Config, SubLayer.Mlp)];
        foreach ((int first, int count) in ForwardPass.Cut(model, context.Calibration))
        {
            AddSet(context, model, [.. context.Calibration.Skip(first).Take(count)], only, sums);
        }

        context.CountTokens(context.CalibrationTokens);
        return [.. units.Select(unit => 1 - (sums[Row(unit.Kind)][unit.Block] / context.CalibrationTokens))];
    }

    private static int Row(UnitKind kind) => kind switch
    {
        UnitKind.Attention => 0,
        UnitKind.Mlp => 1,
        _ => 2,
    };

    private static ModelGates Only(ModelConfig config, SubLayer subLayer)
    {
        var gates = new ModelGates(config.Blocks.Count);
        for (int block = 0; block < config.Blocks.Count; block++)
        {
            gates[block].Attention = subLayer == SubLayer.Attention;
            gates[block].Mlp = subLayer == SubLayer.Mlp;
        }

        return gates;
    }

    /// <summary>Runs every block as two halves, each behind a copy of what goes into it.</summary>
    private static void AddSet(PruningContext context, Transformer model, int[][] windows, ModelGates[] only, double[][] sums)
    {
        using ResidualStream stream = model.Embed(windows);
        using ResidualStream input = model.Embed(windows);
        using ResidualStream middle = model.Embed(windows);
        for (int block = 0; block < model.Config.Blocks.Count; block++)
        {
            context.CancellationToken.ThrowIfCancellationRequested();
            input.CopyFrom(stream);
            model.RunBlocks(stream, block, block + 1, [.. Enumerable.Repeat(only[0], windows.Length)]);
            middle.CopyFrom(stream);
            model.RunBlocks(stream, block, block + 1, [.. Enumerable.Repeat(only[1], windows.Length)]);
            sums[0][block] += SumOfCosines(input.Values, middle.Values);
            sums[1][block] += SumOfCosines(middle.Values, stream.Values);
            sums[2][block] += SumOfCosines(input.Values, stream.Values);
        }
    }

    private static double SumOfCosines(TensorView<float> before, TensorView<float> after)
    {
        double sum = 0;
        for (int row = 0; row < before.Rows; row++)
        {
            double product = 0, squaresBefore = 0, squaresAfter = 0;
            ReadOnlySpan<float> a = before[row], b = after[row];
            for (int i = 0; i < a.Length; i++)
            {
                product += (double)a[i] * b[i];
                squaresBefore += (double)a[i] * a[i];
                squaresAfter += (double)b[i] * b[i];
            }

            sum += squaresBefore > 0 && squaresAfter > 0 ? product / Math.Sqrt(squaresBefore * squaresAfter) : 0;
        }

        return sum;
    }
}
