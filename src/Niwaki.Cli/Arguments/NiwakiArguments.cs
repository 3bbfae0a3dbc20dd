using System.CommandLine;
using Niwaki.Runs;

namespace Niwaki.Cli.Arguments;

/// <summary>The options of niwaki.</summary>
internal sealed class NiwakiArguments
{
    private readonly Option<int?> _rounds = new("--rounds") { Description = "niwaki: rounds that share the removal. Default: 8" };
    private readonly Option<int?> _group = new("--group") { Description = "niwaki: fewest neurons that are tried together. Default: 1" };
    private readonly Option<double?> _passes = new("--passes") { Description = "niwaki: passes over the calibration text for each hundredth of sparsity. Default: 4" };
    private readonly Option<int?> _windows = new("--windows-per-group") { Description = "niwaki: most calibration windows that a group is tried on. Default: 8" };

    /// <summary>All options, in the order of the help.</summary>
    public IEnumerable<Option> All => [_rounds, _group, _passes, _windows];

    /// <summary>The settings that the options make.</summary>
    /// <param name="parsed">Arguments.</param>
    /// <param name="options">Settings to start from.</param>
    /// <param name="bonsai">Options that both methods know.</param>
    public NiwakiOptions Read(ParseResult parsed, NiwakiOptions options, BonsaiArguments bonsai) => options with
    {
        Rounds = parsed.GetValue(_rounds) ?? options.Rounds,
        Group = parsed.GetValue(_group) ?? options.Group,
        Passes = parsed.GetValue(_passes) ?? options.Passes,
        WindowsPerGroup = parsed.GetValue(_windows) ?? options.WindowsPerGroup,
        Prior = bonsai.Prior(parsed) ?? options.Prior,
        Explorable = bonsai.Explorable(parsed) ?? options.Explorable,
        Repair = bonsai.Repair(parsed) ?? options.Repair,
    };
}
