using System.CommandLine;
using Niwaki.Runs;

namespace Niwaki.Cli.Arguments;

/// <summary>The options of bonsai, with the names of the published command line.</summary>
internal sealed class BonsaiArguments
{
    private readonly Option<double?> _pruneFraction = new("--prune-fraction", "--prune_frac") { Description = "bonsai: share removed in a round" };
    private readonly Option<int?> _masks = new("--masks", "--masks_per_iter") { Description = "bonsai: sub-models evaluated in a round" };
    private readonly Option<ImportancePrior?> _prior = new("--prior", "--prune_method") { Description = "bonsai, niwaki: first guess at the importance of units. Default: wanda; fluctuation for niwaki" };
    private readonly Option<double?> _explorable = new("--explorable") { Description = "bonsai, niwaki: units that may go in a round, in multiples of the share removed. Default: 2; 4 for niwaki" };
    private readonly Option<BonsaiSampler?> _sampler = new("--sampler") { Description = "bonsai: draw from every sub-layer by itself or from all at once. Default: layer" };
    private readonly Option<bool?> _complement = new("--complement") { Description = "bonsai: evaluate the complement of every sub-model too. Default: true" };
    private readonly Option<CalibrationSets?> _sets = new("--calibration-sets") { Description = "bonsai: windows the same in all rounds, drawn for each, or disjoint. Default: fixed" };
    private readonly Option<double?> _ratio = new("--mlp-attention-ratio", "--mlp_attn_ratio") { Description = "bonsai: share of attention removed for each share of MLP. Default: 1" };
    private readonly Option<bool> _noPerturb = new("--no-perturb", "--no_perturb") { Description = "bonsai: the prior alone decides, no sub-model is evaluated" };
    private readonly Option<StopRule?> _stop = new("--stop") { Description = "bonsai: the exact target, or the published rule, which may fall short. Default: exact" };
    private readonly Option<double?> _tolerance = new("--tolerance", "--tol") { Description = "bonsai: distance from the target at which the published rule stops. Default: 0.02" };
    private readonly Option<UnitRepair?> _repair = new("--repair", "--repair_method") { Description = "bonsai, niwaki: put the mean output of removed units into biases. Default: none" };

    /// <summary>How utilities become scores; what <c>refit</c> can change.</summary>
    private readonly Option<SubModelUtility?> _utility = new("--utility") { Description = "bonsai: what the regression explains. Default: perplexity" };
    private readonly Option<RegressionKind?> _regression = new("--regression") { Description = "bonsai: ridge, the published L1 fit, or none. Default: ridge" };
    private readonly Option<double?> _ridge = new("--ridge") { Description = "bonsai: penalty of the ridge regression" };
    private readonly Option<RegressionScope?> _scope = new("--regression-scope", "--sm_lin_model_type") { Description = "bonsai: published regression over all units or for each sub-layer. Default: global" };
    private readonly Option<RegressionPenalty?> _penalty = new("--regression-penalty", "--sm_reg_type") { Description = "bonsai: penalty of the published regression. Default: l1" };
    private readonly Option<NumberList?> _weights = Numbers("--regression-weights", "--sm_reg_weight", "bonsai: factors of the penalty that the published regression tries. Default: 100, 0.0001, 0");
    private readonly Option<NumberList?> _rates = Numbers("--regression-rates", "--sm_lr_factor", "bonsai: learning rates that it tries, 1 / (units × number). Default: 100, 10, 1, 0.1");
    private readonly Option<NumberList?> _batches = Numbers("--regression-batches", "--sm_bsz", "bonsai: sub-models of a step that it tries. Default: 32, 64, 128");
    private readonly Option<int?> _epochs = new("--regression-epochs", "--sm_nepochs") { Description = "bonsai: epochs of the published regression; 0 means none. Default: 50" };

    /// <summary>All options, in the order of the help.</summary>
    public IEnumerable<Option> All =>
        [_pruneFraction, _masks, _prior, _explorable, _sampler, _complement, _sets, _ratio, _noPerturb, .. Fit, _stop, _tolerance, _repair];

    /// <summary>Those that method niwaki knows too.</summary>
    public IEnumerable<Option> OfNiwaki => [_prior, _explorable, _repair];

    /// <summary>The options that change what is made of evaluations, not the evaluations.</summary>
    public IEnumerable<Option> Fit => [_utility, _regression, _ridge, _scope, _penalty, _weights, _rates, _batches, _epochs];

    /// <summary>The prior, where it is given.</summary>
    public ImportancePrior? Prior(ParseResult parsed) => parsed.GetValue(_prior);

    /// <summary>The size of the pools, where it is given.</summary>
    public double? Explorable(ParseResult parsed) => parsed.GetValue(_explorable);

    /// <summary>The repair, where it is given.</summary>
    public UnitRepair? Repair(ParseResult parsed) => parsed.GetValue(_repair);

    /// <summary>The settings that all options make.</summary>
    public BonsaiOptions Read(ParseResult parsed, BonsaiOptions options) => ReadFit(parsed, options) with
    {
        PruneFraction = parsed.GetValue(_pruneFraction) ?? options.PruneFraction,
        MasksPerRound = parsed.GetValue(_masks) ?? options.MasksPerRound,
        Prior = parsed.GetValue(_prior) ?? options.Prior,
        Explorable = parsed.GetValue(_explorable) ?? options.Explorable,
        Sampler = parsed.GetValue(_sampler) ?? options.Sampler,
        Complement = parsed.GetValue(_complement) ?? options.Complement,
        CalibrationSets = parsed.GetValue(_sets) ?? options.CalibrationSets,
        MlpAttentionRatio = parsed.GetValue(_ratio) ?? options.MlpAttentionRatio,
        Perturb = !parsed.GetValue(_noPerturb) && options.Perturb,
        Stop = parsed.GetValue(_stop) ?? options.Stop,
        Tolerance = parsed.GetValue(_tolerance) ?? options.Tolerance,
        Repair = parsed.GetValue(_repair) ?? options.Repair,
    };

    /// <summary>The settings that the options of <see cref="Fit"/> make.</summary>
    public BonsaiOptions ReadFit(ParseResult parsed, BonsaiOptions options)
    {
        int? epochs = parsed.GetValue(_epochs);
        return options with
        {
            Utility = parsed.GetValue(_utility) ?? options.Utility,
            Regression = parsed.GetValue(_regression) ?? (epochs == 0 ? RegressionKind.None : options.Regression),
            Ridge = parsed.GetValue(_ridge) ?? options.Ridge,
            RegressionScope = parsed.GetValue(_scope) ?? options.RegressionScope,
            RegressionPenalty = parsed.GetValue(_penalty) ?? options.RegressionPenalty,
            RegressionWeights = parsed.GetValue(_weights) ?? options.RegressionWeights,
            RegressionRates = parsed.GetValue(_rates) ?? options.RegressionRates,
            RegressionBatches = parsed.GetValue(_batches) ?? options.RegressionBatches,
            RegressionEpochs = epochs is null or 0 ? options.RegressionEpochs : epochs.Value,
        };
    }

    private static Option<NumberList?> Numbers(string name, string published, string description) => new(name, published)
    {
        Description = description,
        HelpName = "numbers",
        CustomParser = result =>
        {
            string text = result.Tokens.Count == 0 ? "" : result.Tokens[0].Value;
            if (NumberList.TryParse(text, out NumberList list))
            {
                return list;
            }

            result.AddError($"{name} is '{text}', expected up to {NumberList.MaxCount} numbers with commas between them, such as 100,10,1.");
            return null;
        },
    };
}
