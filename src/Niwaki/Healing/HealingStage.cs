namespace Niwaki.Healing;

/// <summary>A way of training a model after pruning.</summary>
public enum HealingStage
{
    /// <summary>All weights, with gradients through the whole model: fine-tuning, or continued pre-training on much text.</summary>
    Full,

    /// <summary>Low-rank adapters, with gradients through the whole model.</summary>
    Lora,

    /// <summary>Each sub-layer alone towards what the dense model has there.</summary>
    Reconstruction,
}
