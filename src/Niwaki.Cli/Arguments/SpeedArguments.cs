using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Niwaki.Evaluation.Speed;

namespace Niwaki.Cli.Arguments;

/// <summary>Options that say what a measurement of speed measures.</summary>
internal sealed class SpeedArguments
{
    private const string Standard = "default";
    private const string ShortenedLlama = "shortened-llama";

    private readonly Option<string> _protocol = new("--protocol")
    {
        Description = "default: batches 1, 8, 32 with 12+128 and 512+128 tokens, 5 runs behind 1; shortened-llama: batches 1 to 256 with 12+128 and 12+512, 20 runs behind 10",
        DefaultValueFactory = _ => Standard,
    };

    private readonly Option<IReadOnlyList<int>?> _batches = new("--batch") { Description = "Sequences at once, such as 1,8,32", HelpName = "numbers", CustomParser = ParseBatches };
    private readonly Option<IReadOnlyList<(int, int)>?> _lengths = new("--lengths")
    {
        Description = "Tokens of the prompt and tokens written, such as 12+128,512+128",
        HelpName = "pairs",
        CustomParser = ParseLengths,
    };

    private readonly Option<int?> _rounds = new("--rounds") { Description = "Runs of every model that count", HelpName = "count" };

    public SpeedArguments() => _protocol.AcceptOnlyFromAmong(Standard, ShortenedLlama);

    /// <summary>The options.</summary>
    public IReadOnlyList<Option> Options => [_protocol, _batches, _lengths, _rounds];

    /// <summary>What was given.</summary>
    /// <exception cref="UsageException">A number is out of range.</exception>
    public SpeedOptions Read(ParseResult parsed)
    {
        SpeedOptions protocol = parsed.GetValue(_protocol) == ShortenedLlama ? SpeedOptions.ShortenedLlama : new SpeedOptions();
        SpeedOptions options = protocol with
        {
            Batches = parsed.GetValue(_batches) ?? protocol.Batches,
            Lengths = parsed.GetValue(_lengths) ?? protocol.Lengths,
            Rounds = parsed.GetValue(_rounds) ?? protocol.Rounds,
        };
        string[] faults = [.. options.Faults()];
        return faults.Length == 0 ? options : throw new UsageException(string.Join(Environment.NewLine, faults));
    }

    private static List<int>? ParseBatches(ArgumentResult result)
    {
        var batches = new List<int>();
        foreach (string part in Parts(result))
        {
            if (!TryParse(part, out int batch))
            {
                result.AddError($"Batches are '{string.Join(',', Parts(result))}', expected whole numbers with commas between them.");
                return null;
            }

            batches.Add(batch);
        }

        return batches;
    }

    private static List<(int, int)>? ParseLengths(ArgumentResult result)
    {
        var lengths = new List<(int, int)>();
        foreach (string part in Parts(result))
        {
            if (part.Split('+') is not [string first, string second] || !TryParse(first, out int prompt) || !TryParse(second, out int generated))
            {
                result.AddError($"Lengths are '{string.Join(',', Parts(result))}', expected pairs such as 12+128 with commas between them.");
                return null;
            }

            lengths.Add((prompt, generated));
        }

        return lengths;
    }

    private static string[] Parts(ArgumentResult result) =>
        [.. result.Tokens.SelectMany(token => token.Value.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))];

    private static bool TryParse(string text, out int value) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);
}
