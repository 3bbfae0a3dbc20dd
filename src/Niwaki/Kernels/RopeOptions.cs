namespace Niwaki.Kernels;

/// <summary>The rotary positions of a model.</summary>
public sealed record RopeOptions
{
    /// <summary>The base θ of the frequencies θ^(-2i/rotaryDim), above 1 and finite; 10000.</summary>
    public double Theta { get; init; } = 10000;

    /// <summary>Elements of a head that turn: even, 2 or more. Smaller than the head dimension where only its first elements turn.</summary>
    public required int RotaryDim { get; init; }

    /// <summary>How the positions are stretched; null: not at all.</summary>
    public RopeScaling? Scaling { get; init; }

    /// <summary>Checks all settings.</summary>
    /// <param name="options">The settings.</param>
    /// <exception cref="ArgumentOutOfRangeException">A setting is out of its range.</exception>
    internal static void ThrowIfInvalid(RopeOptions options)
    {
        if (!(options.Theta > 1 && double.IsFinite(options.Theta)))
        {
            throw new ArgumentOutOfRangeException(
                nameof(options), options.Theta, $"Rotary base theta is {options.Theta}, expected a finite number above 1.");
        }

        if (options.RotaryDim < 2 || options.RotaryDim % 2 != 0)
        {
            throw new ArgumentOutOfRangeException(
                nameof(options),
                options.RotaryDim,
                $"Rotary dimension is {options.RotaryDim}, expected an even number of 2 or more. Elements turn in pairs.");
        }

        options.Scaling?.Validate();
    }
}
