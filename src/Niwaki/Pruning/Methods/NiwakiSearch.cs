using Niwaki.Models;
using Niwaki.Plans;
using Niwaki.Pruning.Allocation;
using Niwaki.Runs;

namespace Niwaki.Pruning.Methods;

/// <summary>How closely a round of <see cref="NiwakiMethod"/> looks: as closely as its passes allow.</summary>
/// <remarks>
/// What is given up for passes, in this order: small groups of neurons, down to one group an MLP; KV groups of high prior; windows, down to two. Even the coarsest
/// search may cost more than its passes where a model has hundreds of sub-layers. The passes beside the groups, two over the windows of a search, come on top.
/// </remarks>
/// <param name="Share">Share of the neurons of an MLP that are tried, those of lowest prior.</param>
/// <param name="GroupSize">Neurons that are switched off together.</param>
/// <param name="AllKeyValueGroups">Whether every KV group is tried; else the same share as of the neurons.</param>
/// <param name="Windows">Calibration windows that every group is tried on.</param>
internal sealed record NiwakiSearch(double Share, int GroupSize, bool AllKeyValueGroups, int Windows)
{
    /// <summary>Passes over the windows of a search that no group takes: the control, and the stream that groups begin from.</summary>
    public const int PassesBeside = 2;

    private const int FewestWindows = 2; // one for each half of a measurement

    /// <summary>The closest search that the passes of a round allow, or the coarsest one.</summary>
    /// <param name="recipe">Options of the method, sparsity and the units that may go.</param>
    /// <param name="config">What is left of the model.</param>
    /// <param name="shapes">Which sizes may stay.</param>
    /// <param name="target">Prunable parameters that all rounds together remove.</param>
    /// <param name="windows">Calibration windows there are.</param>
    public static NiwakiSearch Fit(Recipe recipe, ModelConfig config, ShapeRules shapes, long target, int windows)
    {
        NiwakiOptions options = recipe.Niwaki;
        IReadOnlyList<SubLayerUnits> subLayers = SubLayerUnits.Of(config, recipe.WidthUnits);
        double share = Math.Min(1, options.Explorable * target / options.Rounds / subLayers.Sum(units => units.Count * units.UnitParameters));
        double passes = (options.Passes * 100 * recipe.Sparsity / options.Rounds) - 1; // one pass goes into the priors
        NiwakiSearch search = new(share, options.Group, AllKeyValueGroups: true, Math.Min(options.WindowsPerGroup, windows));
        foreach (NiwakiSearch next in FromClosest(search, subLayers))
        {
            search = next;
            if (search.WindowPasses(subLayers, config, shapes) <= passes * windows * (1 + 1e-9))
            {
                break;
            }
        }

        return search;
    }

    /// <summary>Units of a sub-layer that are tried, those of lowest prior: what goes leaves a number that may stay.</summary>
    /// <param name="units">The sub-layer.</param>
    /// <param name="config">What is left of the model.</param>
    /// <param name="shapes">Which sizes may stay.</param>
    public int Pool(SubLayerUnits units, ModelConfig config, ShapeRules shapes)
    {
        int size = SizeIn(units);
        int tried = units.SubLayer == SubLayer.Attention && AllKeyValueGroups
            ? units.Count
            : Math.Min(units.Count, (Tried(Share, units) + size - 1) / size * size);
        return shapes.Of(units.SubLayer, config.Blocks[units.Block]).RemovableFrom(units.Count, tried);
    }

    /// <summary>Units that are switched off together in a sub-layer.</summary>
    /// <param name="units">The sub-layer.</param>
    public int SizeIn(SubLayerUnits units) => units.SubLayer == SubLayer.Attention ? 1 : GroupSize;

    /// <summary>Groups of a round.</summary>
    /// <param name="subLayers">Sub-layers of what is left of the model.</param>
    /// <param name="config">What is left of the model.</param>
    /// <param name="shapes">Which sizes may stay.</param>
    public long Groups(IReadOnlyList<SubLayerUnits> subLayers, ModelConfig config, ShapeRules shapes) => subLayers.Sum(units => GroupsIn(units, config, shapes));

    /// <summary>Passes of one window through the whole model that all groups of a round take; those of a group begin at its block.</summary>
    /// <param name="subLayers">Sub-layers of what is left of the model.</param>
    /// <param name="config">What is left of the model.</param>
    /// <param name="shapes">Which sizes may stay.</param>
    public double WindowPasses(IReadOnlyList<SubLayerUnits> subLayers, ModelConfig config, ShapeRules shapes)
    {
        int blocks = config.Blocks.Count;
        return (double)Windows * subLayers.Sum(units => GroupsIn(units, config, shapes) * (blocks - units.Block)) / blocks;
    }

    private static int Tried(double share, SubLayerUnits units) => (int)Math.Ceiling(share * units.Count);

    private static IEnumerable<NiwakiSearch> FromClosest(NiwakiSearch closest, IReadOnlyList<SubLayerUnits> subLayers)
    {
        int widest = subLayers.Where(units => units.SubLayer == SubLayer.Mlp).Select(units => Tried(closest.Share, units)).DefaultIfEmpty().Max();
        for (int windows = closest.Windows; ; windows = Math.Max(FewestWindows, windows / 2))
        {
            foreach (bool all in (bool[])[true, false])
            {
                for (int size = closest.GroupSize; ; size *= 2)
                {
                    yield return closest with { GroupSize = size, AllKeyValueGroups = all, Windows = windows };
                    if (size >= widest)
                    {
                        break;
                    }
                }
            }

            if (windows <= FewestWindows)
            {
                yield break;
            }
        }
    }

    private long GroupsIn(SubLayerUnits units, ModelConfig config, ShapeRules shapes)
    {
        int size = SizeIn(units);
        return (Pool(units, config, shapes) + size - 1) / size;
    }
}
