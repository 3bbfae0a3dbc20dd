using System.CommandLine;
using Niwaki.Runs;

namespace Niwaki.Cli.Arguments;

/// <summary>The options of depth pruning, with the names that users of the published code know.</summary>
internal sealed class DepthArguments
{
    private readonly Option<int?> _blocks = new("--blocks", "--num_pruned_blocks") { Description = "depth: blocks (or sub-layers) to remove, instead of a sparsity", HelpName = "count" };
    private readonly Option<DepthCriterion?> _criterion = new("--criterion") { Description = "depth: what makes a block dispensable; taylor needs gradients and more memory. Default: loss" };
    private readonly Option<DepthSearch?> _search = new("--search") { Description = "depth: all at once, one by one, or one by one and exchanged afterwards. Default: oneshot" };
    private readonly Option<DepthUnit?> _units = new("--units") { Description = "depth: whole blocks, or attention and MLP by themselves. Default: block" };
    private readonly Option<bool?> _plus = new("--plus") { Description = "depth: keep the first four and the last two blocks. Default: with criteria magnitude and taylor" };
    private readonly Option<int?> _magnitudePower = new("--magnitude-power", "--norm_power") { Description = "depth: power of the weights in criterion magnitude, 1 or 2. Default: 1" };
    private readonly Option<bool?> _fullPath = new("--full-path") { Description = "depth: search on until one unit is left. Default: false" };
    private readonly Option<string?> _order = new Option<string?>("--order")
    {
        Description = "depth: file with the order in which blocks go, such as a published block_order.csv; nothing is judged",
        HelpName = "path",
    }.RefuseEmpty();

    /// <summary>All options, in the order of the help.</summary>
    public IEnumerable<Option> All => [_blocks, _criterion, _search, _units, _plus, _magnitudePower, _fullPath, _order];

    /// <summary>Options of a recipe with those of the command line in their place.</summary>
    public DepthOptions Read(ParseResult parsed, DepthOptions options, string? workingFolder) => options with
    {
        Criterion = parsed.GetValue(_criterion) ?? options.Criterion,
        Search = parsed.GetValue(_search) ?? options.Search,
        Units = parsed.GetValue(_units) ?? options.Units,
        Blocks = parsed.GetValue(_blocks) ?? options.Blocks,
        Plus = parsed.GetValue(_plus) ?? options.Plus,
        MagnitudePower = parsed.GetValue(_magnitudePower) ?? options.MagnitudePower,
        FullPath = parsed.GetValue(_fullPath) ?? options.FullPath,
        Order = parsed.GetValue(_order).Beside(workingFolder) ?? options.Order,
    };
}
