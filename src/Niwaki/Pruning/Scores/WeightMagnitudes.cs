using Niwaki.Formats.HuggingFace;
using Niwaki.Formats.Safetensors;
using Niwaki.Kernels;
using Niwaki.Models;
using Niwaki.Tensors;

namespace Niwaki.Pruning.Scores;

/// <summary>Mean absolute weights of a model's units, read once from the checkpoint row by row.</summary>
public sealed class WeightMagnitudes
{
    private readonly double[][] _unitMeans;
    private readonly double[][] _outputColumnMeans;
    private readonly double[][] _outputColumnSquares;

    private WeightMagnitudes(int blockCount)
    {
        _unitMeans = new double[2 * blockCount][];
        _outputColumnMeans = new double[2 * blockCount][];
        _outputColumnSquares = new double[2 * blockCount][];
    }

    /// <summary>Reads all weights of the blocks.</summary>
    /// <param name="checkpoint">The model folder.</param>
    /// <param name="config">Config of the whole model.</param>
    /// <param name="team">Threads.</param>
    public static WeightMagnitudes Measure(Checkpoint checkpoint, ModelConfig config, ThreadTeam team)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(team);
        var magnitudes = new WeightMagnitudes(config.Blocks.Count);
        team.For(2 * config.Blocks.Count, 1, i => magnitudes.MeasureSubLayer(checkpoint, config, i / 2, (SubLayer)(i % 2)));
        return magnitudes;
    }

    /// <summary>Mean of |w| over all parameters of each unit (KV group or neuron), [units].</summary>
    /// <param name="block">Index of the block.</param>
    /// <param name="subLayer">Attention or MLP; the block must have it.</param>
    public double[] UnitMeans(int block, SubLayer subLayer) => _unitMeans[Index(block, subLayer)];

    /// <summary>Mean of |w| over the rows of the output projection for each of its input channels, [heads × headDim] or [neurons].</summary>
    /// <param name="block">Index of the block.</param>
    /// <param name="subLayer">Attention (o projection) or MLP (down projection); the block must have it.</param>
    public double[] OutputColumnMeans(int block, SubLayer subLayer) => _outputColumnMeans[Index(block, subLayer)];

    /// <summary>Mean of w² over the rows of the output projection for each of its input channels, as <see cref="OutputColumnMeans"/>.</summary>
    /// <param name="block">Index of the block.</param>
    /// <param name="subLayer">Attention (o projection) or MLP (down projection); the block must have it.</param>
    public double[] OutputColumnSquares(int block, SubLayer subLayer) => _outputColumnSquares[Index(block, subLayer)];

    private static int Index(int block, SubLayer subLayer) => (2 * block) + (int)subLayer;

    private void MeasureSubLayer(Checkpoint checkpoint, ModelConfig config, int block, SubLayer subLayer)
    {
        BlockShape shape = config.Blocks[block];
        if (!shape.Has(subLayer))
        {
            return;
        }

        int units = subLayer == SubLayer.Attention ? shape.KeyValueHeads : shape.Neurons;
        double[] sums = new double[units];
        long parameters = 0;
        foreach (BlockTensor tensor in BlockTensor.Of(config.Features, shape).Where(t => t.IsMatrix && t.SubLayer == subLayer))
        {
            int rows = config.Extent(tensor.Rows, shape);
            int columns = config.Extent(tensor.Columns!.Value, shape);
            using BorrowedWeights weights = checkpoint.Borrow(tensor.NameIn(block), rows, columns);
            WeightView matrix = weights.View;
            bool unitsInColumns = tensor.Rows == UnitAxis.Hidden;
            double[] perChannel = unitsInColumns ? SumColumns(matrix, w => Math.Abs(w)) : SumRows(matrix);
            for (int channel = 0; channel < perChannel.Length; channel++)
            {
                sums[channel / (perChannel.Length / units)] += perChannel[channel];
            }

            parameters += matrix.Count;
            if (unitsInColumns)
            {
                _outputColumnMeans[Index(block, subLayer)] = [.. perChannel.Select(sum => sum / rows)];
                _outputColumnSquares[Index(block, subLayer)] = [.. SumColumns(matrix, w => (double)w * w).Select(sum => sum / rows)];
            }
        }

        double perUnit = (double)parameters / units;
        _unitMeans[Index(block, subLayer)] = [.. sums.Select(sum => sum / perUnit)];
    }

    private static double[] SumRows(WeightView matrix)
    {
        double[] sums = new double[matrix.Rows];
        float[] row = new float[matrix.Columns];
        for (int r = 0; r < matrix.Rows; r++)
        {
            WeightValues.Widen(matrix, r, row);
            foreach (float w in row)
            {
                sums[r] += Math.Abs(w);
            }
        }

        return sums;
    }

    private static double[] SumColumns(WeightView matrix, Func<float, double> term)
    {
        double[] sums = new double[matrix.Columns];
        float[] row = new float[matrix.Columns];
        for (int r = 0; r < matrix.Rows; r++)
        {
            WeightValues.Widen(matrix, r, row);
            for (int c = 0; c < row.Length; c++)
            {
                sums[c] += term(row[c]);
            }
        }

        return sums;
    }
}
