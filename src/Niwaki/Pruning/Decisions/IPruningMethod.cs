using Niwaki.Models;
using Niwaki.Runs;

namespace Niwaki.Pruning.Decisions;

/// <summary>Decides which units of a model go.</summary>
public interface IPruningMethod
{
    /// <summary>The method, as recipes name it.</summary>
    public PruningMethod Method { get; }

    /// <summary>Decides. The same context gives the same decision, bit for bit, for any number of threads.</summary>
    /// <param name="context">Model, data and settings.</param>
    /// <returns>What stays: the smallest reduction, in units of the recipe, that reaches its target.</returns>
    /// <exception cref="OperationCanceledException">The run was ended; what was evaluated so far is in the journal.</exception>
    public ModelSelection Decide(PruningContext context);
}
