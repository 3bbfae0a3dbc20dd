using Niwaki.Models;

namespace Niwaki.Plans;

/// <summary>How many parameters a target sparsity takes.</summary>
public static class PlanTarget
{
    // 0.07 of 100 is a little more than 7 in float64, and rounding that up would make it 8. Small enough not to matter up to 10^12 parameters.
    private const double RoundingError = 1e-12;

    /// <summary>Prunable parameters that must go for a sparsity: ⌈sparsity · prunable⌉.</summary>
    /// <param name="source">The model.</param>
    /// <param name="sparsity">Share of the prunable parameters, 0 to 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The sparsity is no number from 0 to 1.</exception>
    public static long PrunableToRemove(ModelConfig source, double sparsity)
    {
        ArgumentNullException.ThrowIfNull(source);
        ThrowIfInvalid(sparsity);

        return (long)Math.Ceiling(sparsity * ParameterCounter.Count(source).Prunable * (1 - RoundingError));
    }

    /// <summary>Refuses a sparsity that is no share.</summary>
    internal static void ThrowIfInvalid(double sparsity)
    {
        if (!(sparsity is >= 0 and <= 1))
        {
            string hint = sparsity is > 1 and <= 100 ? FormattableString.Invariant($" Did you mean {sparsity / 100}?") : "";
            throw new ArgumentOutOfRangeException(
                nameof(sparsity), sparsity, FormattableString.Invariant($"Sparsity is {sparsity}, expected a fraction between 0 and 1.{hint}"));
        }
    }
}
