namespace Niwaki.Models;

/// <summary>Vectors that are added to what the sub-layers of a model put out, beside the biases that it has.</summary>
/// <remarks>Blocks are those of the source; a sub-layer that does not stay takes its vector with it.</remarks>
public sealed class OutputBiases
{
    private readonly float[]?[] _values;

    /// <summary>Makes biases that are all absent.</summary>
    /// <param name="source">The model.</param>
    public OutputBiases(ModelConfig source)
    {
        ArgumentNullException.ThrowIfNull(source);
        HiddenSize = source.HiddenSize;
        _values = new float[]?[2 * source.Blocks.Count];
    }

    /// <summary>Elements of a vector.</summary>
    public int HiddenSize { get; }

    /// <summary>The vector of a sub-layer, [hidden]; null: none.</summary>
    /// <param name="block">Block of the source.</param>
    /// <param name="subLayer">Attention or MLP.</param>
    public float[]? Find(int block, SubLayer subLayer) => _values[(2 * block) + (int)subLayer];

    /// <summary>Sets the vector of a sub-layer.</summary>
    /// <param name="block">Block of the source.</param>
    /// <param name="subLayer">Attention or MLP.</param>
    /// <param name="values">[hidden], finite; kept.</param>
    /// <exception cref="ArgumentException">The length is another, or a value is not finite.</exception>
    public void Set(int block, SubLayer subLayer, float[] values)
    {
        ArgumentNullException.ThrowIfNull(values);
        if (values.Length != HiddenSize || !values.All(float.IsFinite))
        {
            string found = values.Length == HiddenSize ? "a value that is not finite" : FormattableString.Invariant($"{values.Length} values");
            throw new ArgumentException(FormattableString.Invariant($"Bias of block {block} has {found}, expected {HiddenSize} finite ones."), nameof(values));
        }

        _values[(2 * block) + (int)subLayer] = values;
    }
}
