namespace Niwaki.Training;

/// <summary>One tensor among the parameters of a model.</summary>
/// <param name="Name">Its name in a Hugging Face checkpoint.</param>
/// <param name="Rows">Rows (outputs) of a matrix; 1 for a vector.</param>
/// <param name="Columns">Columns (inputs) of a matrix; elements of a vector.</param>
/// <param name="Offset">Its first element among all parameters.</param>
/// <param name="IsMatrix">Whether it is a matrix: what decays. Norms and biases do not.</param>
public readonly record struct ParameterTensor(string Name, int Rows, int Columns, long Offset, bool IsMatrix)
{
    /// <summary>Elements.</summary>
    public long Count => (long)Rows * Columns;
}
