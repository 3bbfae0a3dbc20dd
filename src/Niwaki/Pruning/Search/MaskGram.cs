using System.Numerics;

namespace Niwaki.Pruning.Search;

/// <summary>Inner products of masks, from which a ridge regression is fitted, validated and fitted again without a look at single units.</summary>
/// <remarks>
/// C[i,k] = Σ_j x_ij x_kj is a count of common bits. With m the mean of some training rows, (x_i − m)·(x_k − m) follows from C alone, so that a
/// fold costs a system of as many equations as it has rows, whatever the number of units.
/// </remarks>
internal sealed class MaskGram
{
    private readonly int[,] _counts;

    /// <summary>Counts the common bits of every two masks.</summary>
    /// <param name="masks">[n][units], all of one length.</param>
    /// <exception cref="ArgumentException">Lengths differ.</exception>
    public MaskGram(IReadOnlyList<bool[]> masks)
    {
        ArgumentNullException.ThrowIfNull(masks);
        Count = masks.Count;
        ulong[][] bits = [.. masks.Select(mask => Pack(mask, masks[0].Length))];
        _counts = new int[Count, Count];
        for (int i = 0; i < Count; i++)
        {
            for (int k = 0; k <= i; k++)
            {
                int common = 0;
                for (int word = 0; word < bits[i].Length; word++)
                {
                    common += BitOperations.PopCount(bits[i][word] & bits[k][word]);
                }

                _counts[i, k] = _counts[k, i] = common;
            }
        }
    }

    /// <summary>Masks.</summary>
    public int Count { get; }

    /// <summary>Fits a ridge to some rows.</summary>
    /// <param name="rows">Rows to fit, 1 or more.</param>
    /// <param name="targets">y of each of them.</param>
    /// <param name="penalty">γ, relative to the mean diagonal of the centred products.</param>
    public DualRidge Fit(IReadOnlyList<int> rows, IReadOnlyList<double> targets, double penalty)
    {
        ArgumentNullException.ThrowIfNull(rows);
        ArgumentNullException.ThrowIfNull(targets);
        int n = rows.Count;
        double[] toMean = [.. rows.Select(row => rows.Average(other => (double)_counts[row, other]))];
        double meanSquare = toMean.Average();
        double[,] gram = new double[n, n];
        double trace = 0;
        for (int i = 0; i < n; i++)
        {
            for (int k = 0; k < n; k++)
            {
                gram[i, k] = _counts[rows[i], rows[k]] - toMean[i] - toMean[k] + meanSquare;
            }

            trace += gram[i, i];
        }

        double mean = targets.Average();

        // Rounding leaves 1e-16 of a count where all masks are alike.
        if (trace <= 1e-9 * n)
        {
            return new DualRidge(rows, new double[n], mean, toMean, meanSquare);
        }

        for (int i = 0; i < n; i++)
        {
            gram[i, i] += penalty * trace / n;
        }

        double[] weights = [.. targets.Select(y => y - mean)];
        Cholesky.SolveInPlace(gram, weights);
        return new DualRidge(rows, weights, mean, toMean, meanSquare);
    }

    /// <summary>What a fit says about a row.</summary>
    /// <param name="fit">A fit of rows of this object.</param>
    /// <param name="row">Any row.</param>
    public double Predict(DualRidge fit, int row)
    {
        ArgumentNullException.ThrowIfNull(fit);
        double sum = fit.Mean;
        double toMean = fit.Rows.Average(other => (double)_counts[row, other]);
        for (int i = 0; i < fit.Rows.Count; i++)
        {
            sum += fit.Weights[i] * (_counts[row, fit.Rows[i]] - toMean - fit.ToMean[i] + fit.MeanSquare);
        }

        return sum;
    }

    private static ulong[] Pack(bool[] mask, int width)
    {
        if (mask.Length != width)
        {
            throw new ArgumentException($"An observation has {mask.Length} features, expected {width} as the first.", nameof(mask));
        }

        ulong[] words = new ulong[(width + 63) / 64];
        for (int j = 0; j < width; j++)
        {
            words[j / 64] |= mask[j] ? 1UL << (j % 64) : 0;
        }

        return words;
    }
}
