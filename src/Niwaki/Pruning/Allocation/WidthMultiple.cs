using Niwaki.Models;

namespace Niwaki.Pruning.Allocation;

/// <summary>How many units of a sub-layer make its width a multiple of a number of channels.</summary>
public static class WidthMultiple
{
    /// <summary>Units of one multiple.</summary>
    /// <param name="config">The model.</param>
    /// <param name="units">The sub-layer.</param>
    /// <param name="roundTo">Channels: neurons of the MLP, or query heads × head dimension of attention, become multiples of this.</param>
    public static int Of(ModelConfig config, SubLayerUnits units, int roundTo)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentOutOfRangeException.ThrowIfLessThan(roundTo, 1);
        int channels = units.SubLayer == SubLayer.Mlp ? 1 : config.Blocks[units.Block].HeadsPerGroup * config.HeadDim;
        return roundTo / GreatestCommonDivisor(roundTo, channels);
    }

    private static int GreatestCommonDivisor(int a, int b) => b == 0 ? a : GreatestCommonDivisor(b, a % b);
}
