namespace Niwaki.Healing;

/// <summary>How sub-layers are trained alone.</summary>
public sealed record ReconstructionOptions
{
    /// <summary>What they are to give. Default <see cref="ReconstructionTarget.DenseStream"/>.</summary>
    public ReconstructionTarget Target { get; init; } = ReconstructionTarget.DenseStream;

    /// <summary>Windows of the text, at random places; their residual streams are held in memory. Default 128.</summary>
    public int Windows { get; init; } = 128;

    /// <summary>Tokens of a window, 2 or more. Default 256.</summary>
    public int Window { get; init; } = 256;

    /// <summary>Times that every sub-layer sees every window, 1 or more. Default 8.</summary>
    public int Epochs { get; init; } = 8;

    /// <summary>Windows of a step, 1 or more. Default 8.</summary>
    public int Batch { get; init; } = 8;

    /// <summary>Largest learning rate, falling towards 0 along a line. Default 5e-4.</summary>
    public double LearningRate { get; init; } = 5e-4;

    /// <summary>Steps of a sub-layer.</summary>
    public int Steps => Epochs * ((Windows + Batch - 1) / Batch);
}
