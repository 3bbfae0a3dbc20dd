using System.CommandLine;
using Niwaki.Training;

namespace Niwaki.Cli.Arguments;

/// <summary>The options of a training on the command line.</summary>
internal sealed class TrainingArguments
{
    private readonly Option<long> _steps = new("--steps") { Description = "Steps, each one update of the weights", Required = true, HelpName = "count" };
    private readonly Option<int?> _window = new("--window", "--seqlen", "--max_seq_len") { Description = "Tokens of a window. Default: the model's context, at most 256", HelpName = "tokens" };
    private readonly Option<int> _batch = new("--batch") { Description = "Windows that pass the model at once", DefaultValueFactory = _ => 16, HelpName = "windows" };
    private readonly Option<int> _accumulation = new("--accumulate") { Description = "Batches of which one step is made", DefaultValueFactory = _ => 1, HelpName = "batches" };
    private readonly Option<double> _rate = new("--learning-rate") { Description = "Largest learning rate", DefaultValueFactory = _ => 1e-3 };
    private readonly Option<ScheduleKind> _schedule = new("--schedule") { Description = "How the learning rate falls after the warm-up", DefaultValueFactory = _ => ScheduleKind.Cosine };
    private readonly Option<long> _warmUp = new("--warm-up") { Description = "Steps until the largest learning rate", DefaultValueFactory = _ => 100, HelpName = "steps" };
    private readonly Option<double> _finalShare = new("--final-share") { Description = "Learning rate that the steps fall to, as a share of the largest", DefaultValueFactory = _ => 0.1 };
    private readonly Option<double> _decay = new("--weight-decay") { Description = "Decay of the matrices", DefaultValueFactory = _ => 0.1 };
    private readonly Option<double> _beta2 = new("--beta2") { Description = "Decay of the mean of squared gradients", DefaultValueFactory = _ => 0.95 };
    private readonly Option<double> _clip = new("--clip") { Description = "Largest norm of the gradients; longer ones are shortened", DefaultValueFactory = _ => 1 };

    /// <summary>All options, in the order of the help.</summary>
    public IEnumerable<Option> Options =>
        [_steps, _window, _batch, _accumulation, _rate, _schedule, _warmUp, _finalShare, _decay, _beta2, _clip];

    /// <summary>The options given, checked.</summary>
    /// <param name="parsed">Arguments.</param>
    /// <param name="context">Context of the model, tokens.</param>
    /// <param name="seed">Seed.</param>
    /// <exception cref="UsageException">An option is out of its range.</exception>
    public TrainingOptions Read(ParseResult parsed, int context, long seed)
    {
        var options = new TrainingOptions
        {
            Steps = parsed.GetValue(_steps),
            Window = parsed.GetValue(_window) ?? Math.Min(context, 256),
            Batch = parsed.GetValue(_batch),
            Accumulation = parsed.GetValue(_accumulation),
            LearningRate = parsed.GetValue(_rate),
            Schedule = parsed.GetValue(_schedule),
            WarmUpSteps = parsed.GetValue(_warmUp),
            FinalShare = parsed.GetValue(_finalShare),
            WeightDecay = parsed.GetValue(_decay),
            Beta2 = parsed.GetValue(_beta2),
            ClipNorm = parsed.GetValue(_clip),
            Seed = seed,
        };
        IEnumerable<string> faults = options.Faults();
        if (options.Window > context)
        {
            faults = faults.Append($"Window is {options.Window}, expected at most {context}, the context of the model.");
        }

        string[] all = [.. faults];
        return all.Length == 0 ? options : throw new UsageException(string.Join(Environment.NewLine, all));
    }
}
