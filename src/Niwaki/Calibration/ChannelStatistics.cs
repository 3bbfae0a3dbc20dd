using System.Numerics;
using Niwaki.Tensors;

namespace Niwaki.Calibration;

/// <summary>Running sums of each channel of an activation.</summary>
/// <remarks>
/// Σ_t x[t,c], Σ_t |x[t,c]| and Σ_t x[t,c]² in float64, in which every square of a float32 is exact. Tokens are added one after another, so the
/// sums are the same bits for every cut of the tokens into batches and every vector width. Not thread safe.
/// </remarks>
public sealed class ChannelStatistics
{
    private readonly double[] _sums;
    private readonly double[] _sumsOfAbsolutes;
    private readonly double[] _sumsOfSquares;

    /// <summary>Makes empty statistics.</summary>
    /// <param name="channels">Channels, 0 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException">The count is negative.</exception>
    public ChannelStatistics(int channels)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(channels);
        _sums = new double[channels];
        _sumsOfAbsolutes = new double[channels];
        _sumsOfSquares = new double[channels];
    }

    /// <summary>Channels.</summary>
    public int Channels => _sums.Length;

    /// <summary>Tokens added so far.</summary>
    public long Tokens { get; private set; }

    /// <summary>Σ x, [channels].</summary>
    public ReadOnlySpan<double> Sums => _sums;

    /// <summary>Σ |x|, [channels].</summary>
    public ReadOnlySpan<double> SumsOfAbsolutes => _sumsOfAbsolutes;

    /// <summary>Σ x², [channels]. Its root is the norm that Wanda (arXiv 2306.11695) multiplies weights with.</summary>
    public ReadOnlySpan<double> SumsOfSquares => _sumsOfSquares;

    /// <summary>Adds the activations of some tokens.</summary>
    /// <param name="activations">x, [tokens, channels], float32. Read only, not kept.</param>
    /// <exception cref="ShapeMismatchException">There is another number of channels.</exception>
    public void Add(TensorView<float> activations)
    {
        if (activations.Columns != Channels)
        {
            throw new ShapeMismatchException(
                nameof(activations), activations.ToString(), FormattableString.Invariant($"[tokens, {Channels}]"));
        }

        for (int token = 0; token < activations.Rows; token++)
        {
            AddToken(activations[token]);
        }

        Tokens += activations.Rows;
    }

    /// <summary>Mean of a channel over the tokens; NaN without tokens.</summary>
    /// <param name="channel">0 to <see cref="Channels"/> − 1.</param>
    public double Mean(int channel) => _sums[channel] / Tokens;

    /// <summary>Variance of a channel over the tokens, Σx²/n − (Σx/n)², 0 or more; NaN without tokens.</summary>
    /// <param name="channel">0 to <see cref="Channels"/> − 1.</param>
    public double Variance(int channel)
    {
        double mean = Mean(channel);
        return Math.Max(0, (_sumsOfSquares[channel] / Tokens) - (mean * mean));
    }

    private void AddToken(ReadOnlySpan<float> x)
    {
        int channel = 0;
        for (; channel <= x.Length - Vector<float>.Count; channel += Vector<float>.Count)
        {
            Vector.Widen(new Vector<float>(x[channel..]), out Vector<double> low, out Vector<double> high);
            AddLanes(low, channel);
            AddLanes(high, channel + Vector<double>.Count);
        }

        for (; channel < x.Length; channel++)
        {
            double value = x[channel];
            _sums[channel] += value;
            _sumsOfAbsolutes[channel] += Math.Abs(value);
            _sumsOfSquares[channel] += value * value;
        }
    }

    private void AddLanes(Vector<double> x, int channel)
    {
        (new Vector<double>(_sums, channel) + x).CopyTo(_sums, channel);
        (new Vector<double>(_sumsOfAbsolutes, channel) + Vector.Abs(x)).CopyTo(_sumsOfAbsolutes, channel);
        (new Vector<double>(_sumsOfSquares, channel) + (x * x)).CopyTo(_sumsOfSquares, channel);
    }
}
