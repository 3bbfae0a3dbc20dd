using Niwaki.Calibration;
using Niwaki.Models;
using Niwaki.Numerics;
using Niwaki.Pruning.Allocation;
using Niwaki.Runs;

namespace Niwaki.Pruning.Scores;

/// <summary>Importance of every unit from one sweep over the calibration windows.</summary>
/// <remarks>
/// With a_c(t) the activation of channel c in front of the output projection W: wanda is mean_r |W[r,c]| · sqrt(mean_t a_c²), activation is
/// mean_t |a_c|, magnitude is the mean of |w| over all parameters of the unit, random is uniform in [0, 1). A KV group's score is the mean over the
/// channels of its query heads. Source: the published Bonsai code; for magnitude ours.
/// </remarks>
internal static class UnitPriors
{
    /// <summary>Scores of what is left of a model.</summary>
    /// <param name="kind">Which score.</param>
    /// <param name="model">Config of what is left of the model.</param>
    /// <param name="observe">Passes the calibration windows through it once, with a tap.</param>
    /// <param name="selection">What that is, by indices of the source.</param>
    /// <param name="magnitudes">Weights of the source.</param>
    /// <param name="subLayers">Sub-layers of the model, in whose order scores are given.</param>
    /// <param name="random">Source of randomness, for the random prior.</param>
    /// <returns>For each sub-layer the scores of its units, [units]; not finite ones replaced by 0.</returns>
    public static double[][] Compute(
        ImportancePrior kind,
        ModelConfig model,
        Action<ActivationTap> observe,
        ModelSelection selection,
        WeightMagnitudes magnitudes,
        IReadOnlyList<SubLayerUnits> subLayers,
        SeededRandom random)
    {
        if (kind == ImportancePrior.Random)
        {
            return [.. subLayers.Select(units => Enumerable.Range(0, units.Count).Select(_ => random.NextDouble()).ToArray())];
        }

        IReadOnlyList<int> blocks = selection.KeptBlocks;
        if (kind == ImportancePrior.Magnitude)
        {
            return [.. subLayers.Select(units => Kept(magnitudes.UnitMeans(blocks[units.Block], units.SubLayer), UnitIndices(selection, blocks[units.Block], units)))];
        }

        var statistics = new ActivationStatistics(model);
        observe(statistics.Add);
        return [.. subLayers.Select(units => Finite(Groups(Channels(kind, statistics, magnitudes, selection, blocks[units.Block], units, model), units.Count)))];
    }

    private static double[] Channels(
        ImportancePrior kind,
        ActivationStatistics statistics,
        WeightMagnitudes magnitudes,
        ModelSelection selection,
        int sourceBlock,
        SubLayerUnits units,
        ModelConfig config)
    {
        ChannelStatistics channelStatistics = units.SubLayer == SubLayer.Attention ? statistics.Heads(units.Block) : statistics.Neurons(units.Block);
        double tokens = channelStatistics.Tokens;
        if (kind == ImportancePrior.Activation)
        {
            return [.. channelStatistics.SumsOfAbsolutes.ToArray().Select(sum => sum / tokens)];
        }

        UnitAxis axis = units.SubLayer == SubLayer.Attention ? UnitAxis.Heads : UnitAxis.Neurons;
        int[] channels = selection.Blocks[sourceBlock].Channels(axis, config.HeadDim)!;
        double[] weights = Kept(magnitudes.OutputColumnMeans(sourceBlock, units.SubLayer), channels);
        return [.. weights.Zip(channelStatistics.SumsOfSquares.ToArray(), (w, square) => w * Math.Sqrt(square / tokens))];
    }

    private static int[] UnitIndices(ModelSelection selection, int sourceBlock, SubLayerUnits units) =>
        units.SubLayer == SubLayer.Attention ? selection.Blocks[sourceBlock].KeyValueHeads : selection.Blocks[sourceBlock].Neurons;

    private static double[] Kept(double[] values, int[] indices) => [.. indices.Select(i => values[i])];

    private static double[] Groups(double[] channels, int units) =>
        channels.Length == units ? channels : [.. channels.Chunk(channels.Length / units).Select(chunk => chunk.Average())];

    private static double[] Finite(double[] scores) => [.. scores.Select(score => double.IsFinite(score) ? score : 0)];
}
