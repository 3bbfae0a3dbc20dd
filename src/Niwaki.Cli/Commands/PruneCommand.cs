using System.CommandLine;
using Niwaki.Cli.Arguments;
using Niwaki.Cli.Output;
using Niwaki.Pruning;
using Niwaki.Runs;

namespace Niwaki.Cli.Commands;

/// <summary>Prunes a model into a run folder.</summary>
internal sealed class PruneCommand : Verb
{
    private readonly Argument<string?> _model = new Argument<string?>("model")
    {
        Description = "Model folder in the Hugging Face layout, a run folder, or a GGUF file; may be left out where the recipe names one",
        Arity = ArgumentArity.ZeroOrOne,
    }.RefuseEmpty();

    private readonly Option<string> _out = new Option<string>("--out", "-o", "--output", "--output_dir", "--save") { Description = "Run folder to make", Required = true, HelpName = "folder" }.RefuseEmpty();
    private readonly Option<string?> _modelOption = new Option<string?>("--model", "--base_model") { Description = "The model, as the published command lines name it", HelpName = "folder" }.RefuseEmpty();
    private readonly Option<int?> _batch = new("--bsz") { Description = "Taken from the published command line; a batch is as large as memory allows here, and changes no result", Hidden = true };
    private readonly Option<bool> _dryRun = new("--dry-run") { Description = "Measure a few passes and tell the time, memory and disk that the run would need" };
    private readonly RecipeArguments _recipe = new();

    public PruneCommand()
        : base(
            "prune",
            "Makes a smaller model: decides what goes by forward passes, cuts it out, measures the result.",
            "niwaki prune samples/novels-4m --sparsity 0.3 --out runs/first")
    {
        Add(_model);
        Add(_modelOption);
        Add(_batch);
        Validators.Add(result =>
        {
            if (result.GetValue(_model) is not null && result.GetValue(_modelOption) is not null)
            {
                result.AddError("The model is named twice, expected once: as argument or with --model.");
            }
        });
        Add(_out);
        foreach (Option option in _recipe.Options)
        {
            Add(option);
        }

        Add(_dryRun);
    }

    public override int Run(ParseResult parsed, Terminal terminal, CancellationToken cancellationToken)
    {
        Recipe recipe = _recipe.Read(parsed);
        string? model = parsed.GetValue(_model) ?? parsed.GetValue(_modelOption);
        recipe = recipe with { Model = model.Beside(recipe.WorkingFolder) ?? recipe.Model, Seed = parsed.GetValue(Seed) ?? recipe.Seed };
        recipe.Validate();
        if (_recipe.Ignored(parsed, recipe.Method) is [_, ..] ignored)
        {
            terminal.Error.WriteLine($"Method {PruningMethodNames.All.First(entry => entry.Method == recipe.Method).Name} does not look at {string.Join(", ", ignored)}.");
        }

        string path = parsed.GetValue(_out)!;
        if (parsed.GetValue(_dryRun))
        {
            RunEstimate estimate = RunEstimate.Measure(recipe, RunOptions(parsed), cancellationToken);
            RunOutput.WriteEstimate(terminal, estimate, Json(parsed));
            return ExitCodes.Success;
        }

        RunReport report = RunOutput.Follow(
            terminal, path, Json(parsed), RunOptions(parsed), options => PruningRun.Start(recipe, path, options, cancellationToken));
        RunOutput.Write(terminal, report, path, Json(parsed));
        return ExitCodes.Success;
    }

    private PruningRunOptions RunOptions(ParseResult parsed) => new() { Threads = Threads(parsed), MemoryBytes = Memory(parsed) };
}
