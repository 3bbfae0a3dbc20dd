namespace Niwaki.Healing;

/// <summary>What a sub-layer that is trained alone is to give.</summary>
public enum ReconstructionTarget
{
    /// <summary>What the dense model's sub-layer gives for the same input.</summary>
    SameInput,

    /// <summary>The dense model's own residual stream at that place, so that errors of earlier sub-layers and missing ones are made up for.</summary>
    DenseStream,
}
