using System.Globalization;

namespace Niwaki.Evaluation;

/// <summary>How far the logits of a model are from those of a reference on the same tokens.</summary>
/// <remarks>Differences that are no numbers, as where one model gives NaN and the other does not, count as infinite.</remarks>
/// <param name="Tokens">Positions compared, all logits of each.</param>
/// <param name="Largest">Largest |Δ| of a logit.</param>
/// <param name="Mean">Mean |Δ| of all logits.</param>
/// <param name="LargestRelative">Largest over the positions of the largest |Δ| divided by the largest |logit| that the reference has there.</param>
/// <param name="MeanRelative">Σ |Δ| divided by Σ |logit of the reference|.</param>
/// <param name="MeanDivergence">KL(reference ‖ other) of the next-token distribution, mean over the positions, nats.</param>
/// <param name="LargestDivergence">Largest KL of a position, nats.</param>
/// <param name="TopAgreement">Share of the positions at which both find the same token likeliest, 0 to 1; of equal logits the first counts.</param>
public sealed record LogitDifference(
    long Tokens,
    double Largest,
    double Mean,
    double LargestRelative,
    double MeanRelative,
    double MeanDivergence,
    double LargestDivergence,
    double TopAgreement)
{
    /// <summary>Largest relative difference between two forms of one model in float32: what other orders of summation explain, with room to spare.</summary>
    public const double DefaultThreshold = 1e-4;

    /// <summary>Whether the largest relative difference is within a threshold.</summary>
    /// <param name="threshold">The threshold.</param>
    public bool IsWithin(double threshold) => LargestRelative <= threshold;

    /// <summary>Refuses a model that is not the one that was to be written.</summary>
    /// <param name="what">The model that was written, usually its path.</param>
    /// <param name="threshold">Largest relative difference allowed.</param>
    /// <exception cref="VerificationException">The difference is larger.</exception>
    public void ThrowIfAbove(string what, double threshold = DefaultThreshold)
    {
        if (!IsWithin(threshold))
        {
            throw new VerificationException(string.Create(
                CultureInfo.InvariantCulture,
                $"'{what}': logits differ by {LargestRelative:0.###e+0} of the largest one, expected at most {threshold:0.###e+0} (top token the same for {TopAgreement:0.0%}, mean KL {MeanDivergence:0.###e+0} nats). ")
                + "What was written stays where it is; do not use it before the reason is known.");
        }
    }
}
