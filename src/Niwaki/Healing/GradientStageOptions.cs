using Niwaki.Training;

namespace Niwaki.Healing;

/// <summary>A stage with gradients through the whole model.</summary>
public sealed record GradientStageOptions
{
    /// <summary>Steps, batches, rates; its seed is that of the recipe.</summary>
    public required TrainingOptions Training { get; init; }

    /// <summary>λ: what the mean KL(dense‖model) of a token counts beside the mean loss; 0 or more. Default 0.</summary>
    public double Divergence { get; init; }

    /// <summary>μ: what the sum over blocks of the mean squared difference from the dense model's residual stream counts; 0 or more. Default 0.</summary>
    public double Hidden { get; init; }

    /// <summary>File of instructions with answers to train on in place of the text; null: the text.</summary>
    public string? Instructions { get; init; }

    /// <summary>Whether the dense model is needed.</summary>
    public bool NeedsTeacher => Divergence > 0 || Hidden > 0;
}
