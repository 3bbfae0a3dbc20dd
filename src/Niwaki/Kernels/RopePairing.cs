namespace Niwaki.Kernels;

/// <summary>Which two elements of a head turn together.</summary>
public enum RopePairing
{
    /// <summary>Elements i and i + rotaryDim/2: checkpoints in Hugging Face layout.</summary>
    HalfSplit,

    /// <summary>Elements 2i and 2i + 1: the paper, and GGUF files of the Llama family.</summary>
    Adjacent,
}
