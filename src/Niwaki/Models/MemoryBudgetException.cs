using System.Globalization;

namespace Niwaki.Models;

/// <summary>The memory that a model may take does not hold what it needs at one time.</summary>
public sealed class MemoryBudgetException : NiwakiException
{
    /// <summary>Makes an error.</summary>
    /// <param name="budget">Bytes that may be taken.</param>
    /// <param name="needed">Bytes that are needed.</param>
    public MemoryBudgetException(long budget, long needed)
        : base(string.Create(
            CultureInfo.InvariantCulture,
            $"Memory for a model is {budget:N0} bytes, expected at least {needed:N0}: its largest block and the residual stream of a window. Give more with --memory, twice that where two models are compared."))
    {
        Budget = budget;
        Needed = needed;
    }

    /// <summary>Bytes that may be taken.</summary>
    public long Budget { get; }

    /// <summary>Bytes that are needed.</summary>
    public long Needed { get; }
}
