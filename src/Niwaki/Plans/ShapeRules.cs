using Niwaki.Models;

namespace Niwaki.Plans;

/// <summary>Which sizes the blocks of a pruned model may have: the profile and the multiple of widths together.</summary>
/// <remarks>Known before a search starts, so that no search ends at a shape that nothing runs.</remarks>
public sealed class ShapeRules
{
    private readonly ModelConfig _source;
    private readonly int _roundTo;
    private readonly int? _divisibleHeads;

    /// <summary>Makes the rules for a model.</summary>
    /// <param name="source">The whole model.</param>
    /// <param name="profile">Profile; null: every shape.</param>
    /// <param name="roundTo">Channels that neurons, and query heads × head dimension, are multiples of; 1 or more.</param>
    /// <param name="addsBiases">Whether a repair gives the projections biases.</param>
    public ShapeRules(ModelConfig source, ShapeProfile? profile = null, int roundTo = 1, bool addsBiases = false)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentOutOfRangeException.ThrowIfLessThan(roundTo, 1);
        _source = source;
        _roundTo = roundTo;
        Profile = profile is { } name ? ProfileRule.Of(name) : null;
        _divisibleHeads = Profile is { EqualBlocks: true, CutsWidth: true } && NeedsHeadsThatDivide(source, addsBiases) ? source.HiddenSize : null;
    }

    /// <summary>The profile; null: every shape.</summary>
    public ProfileRule? Profile { get; }

    /// <summary>Whether all blocks that stay have the same sizes.</summary>
    public bool EqualBlocks => Profile is { EqualBlocks: true };

    /// <summary>Whether stock software refuses a model whose query heads do not divide the hidden size.</summary>
    /// <remarks>
    /// The Llama config of transformers 5 checks that; that of Mistral, which is the same model without biases, does not. So only a Llama with biases
    /// has to obey.
    /// </remarks>
    /// <param name="source">The model.</param>
    /// <param name="addsBiases">Whether a repair gives the projections biases.</param>
    public static bool NeedsHeadsThatDivide(ModelConfig source, bool addsBiases = false)
    {
        ArgumentNullException.ThrowIfNull(source);
        return source.Architecture.ModelType == "llama" && (addsBiases || source.Features != default);
    }

    /// <summary>How many KV groups or neurons of a block may stay.</summary>
    /// <param name="subLayer">Attention or MLP.</param>
    /// <param name="shape">Sizes of the block, in the source or with units gone: the ratio of heads to KV heads is the same.</param>
    public UnitCounts Of(SubLayer subLayer, BlockShape shape)
    {
        bool mayVanish = Profile is not { CutsSubLayers: false };
        if (subLayer == SubLayer.Mlp)
        {
            return new UnitCounts(LeastCommonMultiple(_roundTo, Profile?.NeuronMultiple ?? 1), null, mayVanish);
        }

        int channels = shape.HeadsPerGroup * _source.HeadDim;
        return new UnitCounts(_roundTo / GreatestCommonDivisor(_roundTo, channels), DivisorOf(shape), mayVanish);
    }

    /// <summary>Most query heads of a block.</summary>
    internal static int MostHeads(ModelConfig config) => config.Blocks.Select(block => block.Heads).DefaultIfEmpty(0).Max();

    private int? DivisorOf(BlockShape shape)
    {
        if (Profile is { ConstantHeads: true })
        {
            return MostHeads(_source);
        }

        // heads = KV heads × ratio divide the hidden size exactly when the KV heads divide hidden size / ratio.
        return _divisibleHeads is { } hidden && hidden % shape.HeadsPerGroup == 0 ? hidden / shape.HeadsPerGroup : null;
    }

    private static int LeastCommonMultiple(int a, int b) => a / GreatestCommonDivisor(a, b) * b;

    private static int GreatestCommonDivisor(int a, int b) => b == 0 ? a : GreatestCommonDivisor(b, a % b);
}
