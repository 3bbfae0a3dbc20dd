using Niwaki.Calibration;
using Niwaki.Models;
using Niwaki.Numerics;
using Niwaki.Pruning.Allocation;
using Niwaki.Runs;

namespace Niwaki.Pruning.Scores;

/// <summary>Importance of every unit from one sweep over the calibration windows.</summary>
/// <remarks>
/// With a_c(t) the activation of channel c in front of the output projection W: wanda is mean_r |W[r,c]| · sqrt(mean_t a_c²), activation is
/// mean_t |a_c|, fluctuation is mean_r W[r,c]² · Var_t(a_c), magnitude is the mean of |w| over all parameters of the unit, random is uniform in
/// [0, 1). A KV group's score is the mean over the channels of its query heads. Source: the published Bonsai code; fluctuation as FLAP
/// (arXiv 2312.11983) has it; for magnitude ours.
/// </remarks>
internal static class UnitPriors
{
    /// <summary>Whether a prior needs statistics of activations.</summary>
    public static bool NeedsSweep(ImportancePrior kind) => kind is not (ImportancePrior.Random or ImportancePrior.Magnitude or ImportancePrior.Taylor);

    /// <summary>Scores of what is left of a model.</summary>
    /// <param name="kind">Which score.</param>
    /// <param name="model">Config of what is left of the model.</param>
    /// <param name="statistics">Activations of it on the calibration windows; null where the score needs none.</param>
    /// <param name="selection">What is left, by indices of the source.</param>
    /// <param name="magnitudes">Weights of the source.</param>
    /// <param name="subLayers">Sub-layers of the model, in whose order scores are given.</param>
    /// <param name="random">Source of randomness, for the random prior.</param>
    /// <returns>For each sub-layer the scores of its units, [units]; not finite ones replaced by 0.</returns>
    public static double[][] Compute(
        ImportancePrior kind,
        ModelConfig model,
        ActivationStatistics? statistics,
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

        ArgumentNullException.ThrowIfNull(statistics);
        return [.. subLayers.Select(units => Finite(Groups(Channels(kind, statistics, magnitudes, selection, blocks[units.Block], units, model), units.Count)))];
    }

    /// <summary>The statistics of a sub-layer's channels.</summary>
    public static ChannelStatistics ChannelsOf(ActivationStatistics statistics, SubLayerUnits units) =>
        units.SubLayer == SubLayer.Attention ? statistics.Heads(units.Block) : statistics.Neurons(units.Block);

    private static double[] Channels(
        ImportancePrior kind,
        ActivationStatistics statistics,
        WeightMagnitudes magnitudes,
        ModelSelection selection,
        int sourceBlock,
        SubLayerUnits units,
        ModelConfig config)
    {
        ChannelStatistics channelStatistics = ChannelsOf(statistics, units);
        double tokens = channelStatistics.Tokens;
        if (kind == ImportancePrior.Activation)
        {
            return [.. channelStatistics.SumsOfAbsolutes.ToArray().Select(sum => sum / tokens)];
        }

        UnitAxis axis = units.SubLayer == SubLayer.Attention ? UnitAxis.Heads : UnitAxis.Neurons;
        int[] channels = selection.Blocks[sourceBlock].Channels(axis, config.HeadDim)!;
        if (kind == ImportancePrior.Fluctuation)
        {
            double[] squares = Kept(magnitudes.OutputColumnSquares(sourceBlock, units.SubLayer), channels);
            return [.. squares.Select((square, channel) => square * channelStatistics.Variance(channel))];
        }

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
