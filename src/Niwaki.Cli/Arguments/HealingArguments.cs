using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Niwaki.Healing;
using Niwaki.Training;

namespace Niwaki.Cli.Arguments;

/// <summary>The options of <c>heal</c> that change a recipe. Those of a stage hold for every stage that has them.</summary>
internal sealed class HealingArguments
{
    private readonly Option<string?> _recipe = new Option<string?>("--recipe", "--config") { Description = "Recipe to start from; options here override it", HelpName = "path" }.RefuseEmpty();
    private readonly Option<string?> _method = new("--method")
    {
        Description = "full, lora or reconstruction, or several joined by '+' in their order. Default: lora",
        HelpName = "stages",
    };

    private readonly Option<string?> _teacher = new Option<string?>("--teacher") { Description = "Folder of the dense model. Default: the one that the run was made from", HelpName = "folder" }.RefuseEmpty();
    private readonly Option<string?> _text = new Option<string?>("--text", "--dataset") { Description = "Text to train on: .txt, .zip of .txt, or .jsonl with a field 'text' in every line", HelpName = "path" }.RefuseEmpty();
    private readonly Option<string?> _instructions = new Option<string?>("--instructions", "--data_path")
    {
        Description = "Instructions with answers to train adapters on in place of the text: .jsonl or .json with the fields instruction, input, output",
        HelpName = "path",
    }.RefuseEmpty();

    private readonly Option<string?> _heldOut = new Option<string?>("--held-out") { Description = "Text to measure on. Default: the last hundredth of the text, which is not trained on", HelpName = "path" }.RefuseEmpty();
    private readonly Option<int?> _heldOutWindows = new("--held-out-windows") { Description = "Most windows to measure on. Default: 64", HelpName = "windows" };
    private readonly Option<int?> _heldOutWindow = new("--held-out-window") { Description = "Tokens of a window to measure on. Default: 256", HelpName = "tokens" };
    private readonly Option<long?> _steps = new("--steps") { Description = "Steps, each one update of the weights. Default: 250", HelpName = "count" };
    private readonly Option<int?> _window = new("--window", "--seqlen", "--cutoff_len") { Description = "Tokens of a window, or at which an instruction is cut. Default: 256", HelpName = "tokens" };
    private readonly Option<int?> _batch = new("--batch", "--micro_batch_size") { Description = "Windows that pass the model at once. Default: 16, in reconstruction 8", HelpName = "windows" };
    private readonly Option<int?> _accumulation = new("--accumulate") { Description = "Batches of which one step is made. Default: 1", HelpName = "batches" };
    private readonly Option<double?> _rate = new("--learning-rate", "--lr") { Description = "Largest learning rate. Default: 1e-4, in reconstruction 5e-4" };
    private readonly Option<ScheduleKind?> _schedule = new("--schedule") { Description = "How the learning rate falls after the warm-up. Default: linear" };
    private readonly Option<long?> _warmUp = new("--warm-up", "--warmup_steps") { Description = "Steps until the largest learning rate. Default: 10", HelpName = "steps" };
    private readonly Option<double?> _divergence = new("--kl", "--kl_weight") { Description = "What the mean divergence of a token from the dense model counts beside its loss. Default: 0" };
    private readonly Option<double?> _hidden = new("--hidden", "--hidden_mse_weight") { Description = "What the squared difference from the dense model's residual stream counts. Default: 0" };
    private readonly Option<int?> _rank = new("--rank", "--lora_r") { Description = "Rank of adapters. Default: 8" };
    private readonly Option<double?> _alpha = new("--alpha", "--lora_alpha") { Description = "Adapters count alpha / rank. Default: 16" };
    private readonly Option<double?> _dropout = new("--dropout", "--lora_dropout") { Description = "Share of the inputs of an adapter that a step drops. Default: 0.05" };
    private readonly Option<string?> _targets = new("--targets", "--lora_target_modules") { Description = "Matrices with adapters, such as q_proj,v_proj. Default: all seven", HelpName = "names" };
    private readonly Option<bool?> _head = new("--head") { Description = "Train the whole output head beside adapters" };
    private readonly Option<ReconstructionTarget?> _target = new("--target")
    {
        Description = "What a sub-layer trained alone is to give: same_input, the dense sub-layer's output for its input, or dense_stream. Default: dense_stream",
        HelpName = "same_input|dense_stream",
        CustomParser = ParseTarget,
    };

    private readonly Option<int?> _windows = new("--windows", "--nsamples") { Description = "Windows of a reconstruction. Default: 128", HelpName = "count" };
    private readonly Option<int?> _epochs = new("--epochs") { Description = "Times that a reconstruction sees every window. Default: 8" };

    /// <summary>All options, in the order of the help.</summary>
    public IEnumerable<Option> Options =>
    [
        _method, _recipe, _teacher, _text, _instructions, _heldOut, _heldOutWindows, _heldOutWindow, _steps, _window, _batch, _accumulation, _rate, _schedule, _warmUp,
        _divergence, _hidden, _rank, _alpha, _dropout, _targets, _head, _target, _windows, _epochs,
    ];

    /// <summary>The recipe that the options make, not validated yet.</summary>
    /// <exception cref="Runs.RecipeException">A word of an option is unknown, or the recipe file cannot be used.</exception>
    public HealingRecipe Read(ParseResult parsed)
    {
        HealingRecipe recipe = parsed.GetValue(_recipe) is { } path ? HealingRecipe.Load(path) : new HealingRecipe();
        recipe = Words(parsed, recipe);
        return recipe with
        {
            Teacher = parsed.GetValue(_teacher).Beside(recipe.WorkingFolder) ?? recipe.Teacher,
            Text = parsed.GetValue(_text).Beside(recipe.WorkingFolder) ?? recipe.Text,
            HeldOut = parsed.GetValue(_heldOut).Beside(recipe.WorkingFolder) ?? recipe.HeldOut,
            HeldOutWindows = parsed.GetValue(_heldOutWindows) ?? recipe.HeldOutWindows,
            HeldOutWindow = parsed.GetValue(_heldOutWindow) ?? recipe.HeldOutWindow,
            Full = Stage(parsed, recipe.Full),
            Lora = Stage(parsed, recipe.Lora) with { Instructions = parsed.GetValue(_instructions).Beside(recipe.WorkingFolder) ?? recipe.Lora.Instructions },
            Adapters = Adapters(parsed, recipe.Adapters),
            Reconstruction = Reconstruction(parsed, recipe.Reconstruction),
        };
    }

    private LoraOptions Adapters(ParseResult parsed, LoraOptions options) => options with
    {
        Rank = parsed.GetValue(_rank) ?? options.Rank,
        Alpha = parsed.GetValue(_alpha) ?? options.Alpha,
        Dropout = parsed.GetValue(_dropout) ?? options.Dropout,
        TrainHead = parsed.GetValue(_head) ?? options.TrainHead,
    };

    private ReconstructionOptions Reconstruction(ParseResult parsed, ReconstructionOptions options) => options with
    {
        Target = parsed.GetValue(_target) ?? options.Target,
        Windows = parsed.GetValue(_windows) ?? options.Windows,
        Window = parsed.GetValue(_window) ?? options.Window,
        Epochs = parsed.GetValue(_epochs) ?? options.Epochs,
        Batch = parsed.GetValue(_batch) ?? options.Batch,
        LearningRate = parsed.GetValue(_rate) ?? options.LearningRate,
    };

    private GradientStageOptions Stage(ParseResult parsed, GradientStageOptions stage) => stage with
    {
        Divergence = parsed.GetValue(_divergence) ?? stage.Divergence,
        Hidden = parsed.GetValue(_hidden) ?? stage.Hidden,
        Training = stage.Training with
        {
            Steps = parsed.GetValue(_steps) ?? stage.Training.Steps,
            Window = parsed.GetValue(_window) ?? stage.Training.Window,
            Batch = parsed.GetValue(_batch) ?? stage.Training.Batch,
            Accumulation = parsed.GetValue(_accumulation) ?? stage.Training.Accumulation,
            LearningRate = parsed.GetValue(_rate) ?? stage.Training.LearningRate,
            Schedule = parsed.GetValue(_schedule) ?? stage.Training.Schedule,
            WarmUpSteps = parsed.GetValue(_warmUp) ?? stage.Training.WarmUpSteps,
        },
    };

    /// <summary>The options whose words are those of the recipe are read as it reads them.</summary>
    private HealingRecipe Words(ParseResult parsed, HealingRecipe recipe)
    {
        if (parsed.GetValue(_method) is { } method)
        {
            recipe = recipe with { Stages = HealingRecipe.Parse($"method: {Quoted(method)}", _method.Name).Stages };
        }

        return parsed.GetValue(_targets) is { } targets
            ? recipe with { Adapters = recipe.Adapters with { Targets = HealingRecipe.Parse($"lora:\n  targets: {Quoted(targets)}", _targets.Name).Adapters.Targets } }
            : recipe;
    }

    private static string Quoted(string text) => "\"" + string.Concat(text.Select(c => char.IsAsciiLetterOrDigit(c) || "+,_ -".Contains(c, StringComparison.Ordinal)
        ? c.ToString()
        : string.Create(CultureInfo.InvariantCulture, $"\\u{(int)c:X4}"))) + "\"";

    private static ReconstructionTarget? ParseTarget(ArgumentResult result)
    {
        switch (result.Tokens.Count == 0 ? "" : result.Tokens[0].Value)
        {
            case "same_input":
                return ReconstructionTarget.SameInput;
            case "dense_stream":
                return ReconstructionTarget.DenseStream;
            case var other:
                result.AddError($"Target is '{other}', expected same_input or dense_stream.");
                return null;
        }
    }
}
