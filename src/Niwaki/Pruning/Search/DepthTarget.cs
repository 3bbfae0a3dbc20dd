using Niwaki.Models;
using Niwaki.Plans;
using Niwaki.Pruning.Decisions;
using Niwaki.Runs;

namespace Niwaki.Pruning.Search;

/// <summary>How much depth pruning has to remove: a number of units, or a share of the prunable parameters.</summary>
internal sealed class DepthTarget
{
    private readonly ModelConfig _config;
    private readonly int? _count;
    private readonly long _parameters;
    private readonly double _sparsity;

    /// <summary>The target of a recipe.</summary>
    public DepthTarget(ModelConfig config, Recipe recipe)
    {
        _config = config;
        _count = recipe.Depth.Blocks;
        _sparsity = recipe.Sparsity;
        _parameters = PlanTarget.PrunableToRemove(config, recipe.Sparsity);
    }

    /// <summary>Whether units of different sizes are weighed against each other.</summary>
    public bool IsShare => _count is null;

    /// <summary>Whether a set is enough.</summary>
    public bool IsReached(IReadOnlyList<Unit> units) => _count is { } count ? units.Count >= count : ParametersOf(units) >= _parameters;

    /// <summary>The smallest beginning of an order that is enough, without units that turn out not to be needed.</summary>
    /// <exception cref="PruningException">All of them together are not enough.</exception>
    public IReadOnlyList<Unit> Reach(IReadOnlyList<Unit> ordered)
    {
        int end = 0;
        while (end < ordered.Count && !IsReached([.. ordered.Take(end)]))
        {
            end++;
        }

        List<Unit> chosen = [.. ordered.Take(end)];
        ThrowIfMissed(chosen);
        for (int i = chosen.Count - 1; i >= 0; i--)
        {
            List<Unit> without = [.. chosen[..i], .. chosen[(i + 1)..]];
            chosen = IsReached(without) ? without : chosen;
        }

        return chosen;
    }

    /// <summary>Prunable parameters of a unit.</summary>
    public long ParametersOf(Unit unit) => ParameterCounter.PrunableOf(_config, unit);

    /// <summary>Refuses a set that is not enough.</summary>
    /// <exception cref="PruningException">It is not.</exception>
    public void ThrowIfMissed(IReadOnlyList<Unit> units)
    {
        if (!IsReached(units))
        {
            throw new PruningException(_count is { } count
                ? $"{count} blocks or sub-layers are to go, expected at most the {units.Count} that may. Lower the number, or free the first and last blocks with '--plus false'."
                : $"The {units.Count} blocks or sub-layers that may go hold {ParametersOf(units):N0} prunable parameters, expected {_parameters:N0} for a sparsity of {_sparsity}. "
                    + "Lower the sparsity, or free the first and last blocks with '--plus false'.");
        }
    }

    private long ParametersOf(IReadOnlyList<Unit> units) => units.Sum(ParametersOf);
}
