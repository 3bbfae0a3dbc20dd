namespace Niwaki.Kernels;

/// <summary>How a model stretches its rotary positions over a longer context than it was first trained with.</summary>
public abstract record RopeScaling
{
    /// <summary>What cos and sin are multiplied by; 1 for most.</summary>
    internal virtual double AttentionFactorOrOne => 1;

    /// <summary>Checks the settings.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A setting is out of its range.</exception>
    internal abstract void Validate();

    /// <summary>Replaces the frequencies θ^(-2i/rotaryDim), radians per position, [rotaryDim/2], by the scaled ones.</summary>
    /// <param name="frequencies">Read and written, float64.</param>
    /// <param name="theta">The base θ.</param>
    internal abstract void Scale(Span<double> frequencies, double theta);

    /// <summary>Refuses a number that is not finite or not above a limit.</summary>
    private protected static void RequireAbove(double value, double limit, string name)
    {
        if (!(value > limit && double.IsFinite(value)))
        {
            throw new ArgumentOutOfRangeException(name, value, $"Rotary scaling: {name} is {value}, expected a finite number above {limit}.");
        }
    }
}
