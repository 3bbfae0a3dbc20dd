namespace Niwaki.Runs;

/// <summary>Values that keys of several methods take.</summary>
internal static class MethodRules
{
    /// <summary>Importance of a unit from one sweep.</summary>
    public static ScalarRule<ImportancePrior> Prior { get; } = ScalarRules.Choice(
        ("wanda", ImportancePrior.Wanda),
        ("activation", ImportancePrior.Activation),
        ("magnitude", ImportancePrior.Magnitude),
        ("random", ImportancePrior.Random),
        ("fluctuation", ImportancePrior.Fluctuation),
        ("taylor", ImportancePrior.Taylor));

    /// <summary>Units that a round may look at, as a multiple of those that it removes.</summary>
    public static ScalarRule<double> Explorable { get; } = ScalarRules.Number("a number from 1 to 1,000", value => value is >= 1 and <= 1000);

    /// <summary>What makes up for the units that go.</summary>
    public static ScalarRule<UnitRepair> Repair { get; } = ScalarRules.Choice(("none", UnitRepair.None), ("bias", UnitRepair.Bias));
}
