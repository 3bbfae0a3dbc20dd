namespace Niwaki.Kernels;

/// <summary>Position interpolation (Chen et al., 2023): every frequency is divided by one factor.</summary>
/// <param name="Factor">How many times longer the context becomes, above 0.</param>
public sealed record LinearRopeScaling(double Factor) : RopeScaling
{
    /// <inheritdoc />
    internal override void Validate() => RequireAbove(Factor, 0, nameof(Factor));

    /// <inheritdoc />
    internal override void Scale(Span<double> frequencies, double theta)
    {
        foreach (ref double frequency in frequencies)
        {
            frequency /= Factor;
        }
    }
}
