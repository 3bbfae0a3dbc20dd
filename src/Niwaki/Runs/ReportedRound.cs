namespace Niwaki.Runs;

/// <summary>What a round of a width method decided, and how much its regression knew.</summary>
public sealed record ReportedRound
{
    /// <summary>Number of the round, from 1.</summary>
    public required int Round { get; init; }

    /// <summary>Sub-models evaluated.</summary>
    public required int Evaluations { get; init; }

    /// <summary>Units that could go.</summary>
    public required int PoolUnits { get; init; }

    /// <summary>Units that went, for every block of the source [KV groups, neurons]. Later rounds may bring single ones back.</summary>
    public required IReadOnlyList<int[]> Removed { get; init; }

    /// <summary>R² of the fit on held-out folds, over all of them; null without a regression.</summary>
    public double? CrossValidatedR2 { get; init; }

    /// <summary>Kendall's tau of predicted and true utilities on held-out folds, mean; null without a regression.</summary>
    public double? CrossValidatedTau { get; init; }

    /// <summary>The same tau when the utilities are permuted: mean over permutations.</summary>
    public double? NullTau { get; init; }

    /// <summary>Standard deviation of it over permutations.</summary>
    public double? NullTauDeviation { get; init; }

    /// <summary>Share of the parameters removed that the prior alone, at the same number, would have removed too.</summary>
    public required double PriorShare { get; init; }

    /// <summary>What <see cref="PriorShare"/> is when units are taken from the pools at random: removed over pool parameters.</summary>
    public required double ChanceShare { get; init; }

    /// <summary>Spearman's correlation of the scores that either half of the evaluations gives; null without a regression.</summary>
    public double? HalfCorrelation { get; init; }

    /// <summary>Share of the lowest units by one half of the evaluations that are among as many lowest by the other.</summary>
    public double? HalfOverlap { get; init; }

    /// <summary>Tokens that went through the model for the round.</summary>
    public required long ForwardTokens { get; init; }

    /// <summary>Wall time of its evaluations by the journal, in seconds.</summary>
    public required double Seconds { get; init; }
}
