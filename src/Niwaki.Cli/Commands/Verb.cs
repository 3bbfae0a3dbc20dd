using System.CommandLine;
using Niwaki.Cli.Arguments;
using Niwaki.Cli.Output;
using Niwaki.Kernels;

namespace Niwaki.Cli.Commands;

/// <summary>One verb of the command line with the options that all share.</summary>
internal abstract class Verb : Command
{
    private readonly Option<int> _threads = new("--threads")
    {
        Description = "Threads that compute",
        DefaultValueFactory = _ => Environment.ProcessorCount,
    };

    private readonly Option<long?> _memory = new("--memory")
    {
        Description = "Memory for weights and activations, such as 6GiB; weights that do not fit are read anew in every pass. Default: all weights stay in memory",
        HelpName = "size",
        CustomParser = ByteSize.Parse,
    };

    private readonly Option<bool> _json = new("--json") { Description = "Write the result as one JSON object" };

    /// <summary>Makes a verb.</summary>
    /// <param name="name">Name on the command line.</param>
    /// <param name="description">What it does, in a sentence.</param>
    /// <param name="example">A command that works when pasted into a checkout.</param>
    protected Verb(string name, string description, string example)
        : base(name, $"{description}\n\nExample:\n  {example}")
    {
        Seed = new Option<long?>("--seed") { Description = "Seed of everything random. Default: 0; with eval --tasks 1234" };
        _threads.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is var threads and (< 1 or > ThreadTeam.MaximumSize))
            {
                result.AddError($"Threads are {threads}, expected 1 to {ThreadTeam.MaximumSize}.");
            }
        });
        Add(Seed);
        Add(_threads);
        Add(_memory);
        Add(_json);
    }

    /// <summary>The option <c>--seed</c>.</summary>
    protected Option<long?> Seed { get; }

    /// <summary>Does what the verb says.</summary>
    /// <param name="parsed">Arguments.</param>
    /// <param name="terminal">Where to write.</param>
    /// <param name="cancellationToken">Ends the verb.</param>
    /// <returns>Exit code.</returns>
    public abstract int Run(ParseResult parsed, Terminal terminal, CancellationToken cancellationToken);

    /// <summary>The argument that names a model.</summary>
    protected static Argument<string> ModelArgument() =>
        new Argument<string>("model") { Description = "Model folder in the Hugging Face layout, a run folder, or a GGUF file" }.RefuseEmpty();

    protected int Threads(ParseResult parsed) => parsed.GetValue(_threads);

    protected long? Memory(ParseResult parsed) => parsed.GetValue(_memory);

    protected bool Json(ParseResult parsed) => parsed.GetValue(_json);
}
