namespace Niwaki.Evaluation;

/// <summary>What a standard error takes as independent of each other.</summary>
public enum ErrorUnit
{
    /// <summary>Windows: tokens of one window depend on each other.</summary>
    Windows,

    /// <summary>Documents; windows where there is a single one.</summary>
    Documents,

    /// <summary>Every token by itself, as llama.cpp does; too small where losses of neighbours are alike.</summary>
    Tokens,
}
