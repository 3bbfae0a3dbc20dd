using System.CommandLine;
using System.CommandLine.Parsing;
using Niwaki.Plans;
using Niwaki.Runs;

namespace Niwaki.Cli.Arguments;

/// <summary>The options of <c>prune</c> that change a recipe, with the names that users of the published tools know.</summary>
internal sealed class RecipeArguments
{
    private readonly Option<string?> _recipe = new Option<string?>("--recipe", "--config") { Description = "Recipe to start from; options here override it", HelpName = "path" }.RefuseEmpty();
    private readonly Option<PruningMethod?> _method = new("--method")
    {
        Description = "How units are chosen. Default: bonsai",
        HelpName = string.Join('|', PruningMethodNames.All.Select(entry => entry.Name)),
        CustomParser = ParseMethod,
    };
    private readonly Option<double?> _sparsity = new("--sparsity", "--sparsity_ratio", "--pruning_ratio")
    {
        Description = "Share of the attention and MLP parameters to remove, between 0 and 1. Default: 0.3",
    };

    private readonly Option<string?> _calibration = new Option<string?>("--calibration", "--dataset")
    {
        Description = "Text file to decide on, or 'self': the model writes it. Default: self",
        HelpName = "path|self",
    }.RefuseEmpty();

    private readonly Option<int?> _windows = new("--windows", "--nsamples", "--num_calib_data") { Description = "Calibration windows", HelpName = "count" };
    private readonly Option<int?> _window = new("--window", "--seqlen", "--max_seq_len") { Description = "Tokens of a calibration window", HelpName = "tokens" };
    private readonly Option<double?> _temperature = new("--temperature") { Description = "Sampling temperature of a self-written text" };
    private readonly Option<double?> _topP = new("--top-p") { Description = "Share of the probability that a self-written text is drawn from" };
    private readonly Option<string?> _evaluation = new Option<string?>("--evaluation")
    {
        Description = "Text file to measure on before and after, or 'self'. Default: self",
        HelpName = "path|self",
    }.RefuseEmpty();

    private readonly Option<int?> _evaluationWindow = new("--evaluation-window") { Description = "Tokens of an evaluation window", HelpName = "tokens" };
    private readonly Option<int?> _evaluationLimit = new("--evaluation-limit") { Description = "Use the first windows of the evaluation text only", HelpName = "windows" };
    private readonly Option<int?> _roundTo = new("--round-to") { Description = "Make kept widths multiples of 1, 32, 64, 128 or 256 channels. Default: 1" };
    private readonly Option<ShapeProfile?> _profile = ProfileArgument.Create("Keep to shapes that a runtime takes, from the start of the search. Default: any shape");
    private readonly Option<WidthUnits?> _widthUnits = new("--width-units") { Description = "Units that a width method may remove: KV groups, neurons or both. Default: all" };
    private readonly Option<ScoringPrecision?> _precision = new("--precision") { Description = "Arithmetic of the scoring passes; int16 is faster and a little less exact. Default: exact" };
    private readonly BonsaiArguments _bonsai = new();
    private readonly NiwakiArguments _niwaki = new();
    private readonly DepthArguments _depth = new();

    /// <summary>All options, in the order of the help.</summary>
    public IEnumerable<Option> Options =>
    [
        _method, _sparsity, _recipe, _calibration, _windows, _window, _temperature, _topP, _evaluation, _evaluationWindow, _evaluationLimit, _profile,
        _roundTo, _widthUnits, _precision, .. _bonsai.All, .. _niwaki.All, .. _depth.All,
    ];

    /// <summary>The recipe that the options make, not validated yet.</summary>
    public Recipe Read(ParseResult parsed)
    {
        Recipe recipe = parsed.GetValue(_recipe) is { } path ? Recipe.Load(path) : new Recipe();
        return recipe with
        {
            Method = parsed.GetValue(_method) ?? recipe.Method,
            Sparsity = parsed.GetValue(_sparsity) ?? recipe.Sparsity,
            RoundTo = parsed.GetValue(_roundTo) ?? recipe.RoundTo,
            Profile = parsed.GetValue(_profile) ?? recipe.Profile,
            WidthUnits = parsed.GetValue(_widthUnits) ?? recipe.WidthUnits,
            Precision = parsed.GetValue(_precision) ?? recipe.Precision,
            Calibration = ReadCalibration(parsed, recipe),
            Evaluation = ReadEvaluation(parsed, recipe),
            Bonsai = _bonsai.Read(parsed, recipe.Bonsai),
            Niwaki = _niwaki.Read(parsed, recipe.Niwaki, _bonsai),
            Depth = _depth.Read(parsed, recipe.Depth, recipe.WorkingFolder),
        };
    }

    /// <summary>Names of the options that are given and that a method does not look at.</summary>
    public IReadOnlyList<string> Ignored(ParseResult parsed, PruningMethod method)
    {
        IEnumerable<Option> known = method switch
        {
            PruningMethod.Bonsai => _bonsai.All,
            PruningMethod.Niwaki => [.. _niwaki.All, .. _bonsai.OfNiwaki],
            PruningMethod.Depth => _depth.All,
            PruningMethod.DepthWidth => [.. _depth.All, .. _bonsai.All],
            _ => [],
        };
        return [.. _bonsai.All.Concat(_niwaki.All).Concat(_depth.All).Except(known).Where(option => parsed.GetResult(option) is { Implicit: false }).Select(option => option.Name)];
    }

    private CalibrationOptions ReadCalibration(ParseResult parsed, Recipe recipe)
    {
        CalibrationOptions options = recipe.Calibration;
        (TextSource source, string? file) = Source(parsed.GetValue(_calibration), recipe, options.Source, options.File);
        return options with
        {
            Source = source,
            File = file,
            Windows = parsed.GetValue(_windows) ?? options.Windows,
            Window = parsed.GetValue(_window) ?? options.Window,
            Temperature = parsed.GetValue(_temperature) ?? options.Temperature,
            TopP = parsed.GetValue(_topP) ?? options.TopP,
        };
    }

    private EvaluationOptions ReadEvaluation(ParseResult parsed, Recipe recipe)
    {
        EvaluationOptions options = recipe.Evaluation;
        (TextSource source, string? file) = Source(parsed.GetValue(_evaluation), recipe, options.Source, options.File);
        return options with
        {
            Source = source,
            File = file,
            Windows = parsed.GetValue(_evaluationLimit) ?? options.Windows,
            Window = parsed.GetValue(_evaluationWindow) ?? options.Window,
        };
    }

    private static PruningMethod? ParseMethod(ArgumentResult result)
    {
        string text = result.Tokens.Count == 0 ? "" : result.Tokens[0].Value;
        foreach ((string name, PruningMethod method) in PruningMethodNames.All)
        {
            if (name.Equals(text, StringComparison.OrdinalIgnoreCase))
            {
                return method;
            }
        }

        result.AddError($"Method is '{text}', expected one of {string.Join(", ", PruningMethodNames.All.Select(entry => entry.Name))}.");
        return null;
    }

    private static (TextSource Source, string? File) Source(string? given, Recipe recipe, TextSource source, string? file) => given switch
    {
        null => (source, file),
        "self" => (TextSource.Self, null),
        _ => (TextSource.File, given.Beside(recipe.WorkingFolder)),
    };
}
