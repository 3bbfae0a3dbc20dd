namespace Niwaki.Kernels;

/// <summary>The factors of one step of AdamW, see <see cref="AdamW"/>.</summary>
/// <param name="LearningRate">η.</param>
/// <param name="Beta1">Decay of the first moment, 0 to below 1.</param>
/// <param name="Beta2">Decay of the second moment, 0 to below 1.</param>
/// <param name="Epsilon">ε, added to the root of the second moment.</param>
/// <param name="WeightDecay">λ; a step takes η·λ of a weight away.</param>
/// <param name="GradientFactor">What the gradients are multiplied by before all else: the factor of clipping.</param>
/// <param name="Number">Number of the step, 1 for the first.</param>
public readonly record struct AdamStep(
    double LearningRate, double Beta1, double Beta2, double Epsilon, double WeightDecay, double GradientFactor, long Number);
