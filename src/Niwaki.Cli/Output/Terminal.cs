using System.Text.Json.Nodes;
using Spectre.Console;

namespace Niwaki.Cli.Output;

/// <summary>Where a verb writes: results to one stream, progress and messages to the other.</summary>
internal sealed class Terminal(TextWriter output, TextWriter error)
{
    /// <summary>Receives results and nothing else.</summary>
    public TextWriter Output { get; } = output;

    /// <summary>Receives progress, logs and errors.</summary>
    public TextWriter Error { get; } = error;

    /// <summary>Whether progress may be drawn: the stream is the process' own and a person looks at it.</summary>
    public bool DrawsProgress => ReferenceEquals(Error, Console.Error) && !Console.IsErrorRedirected;

    /// <summary>What ends a line of progress that is written over, before a message.</summary>
    public string LineEnd => DrawsProgress ? Environment.NewLine : "";

    /// <summary>Tables on the result stream.</summary>
    public IAnsiConsole Tables { get; } = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output) });

    /// <summary>Writes one JSON object, indented, as the whole result.</summary>
    public void WriteJson(JsonObject json) => Output.WriteLine(json.ToJsonString(JsonFormat.Indented));
}
