using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Niwaki.Cli.Arguments;
using Niwaki.Cli.Output;
using Niwaki.Datasets;
using Niwaki.Formats.HuggingFace;
using Niwaki.Healing;
using Niwaki.Runs;
using Niwaki.Tokenizers;

namespace Niwaki.Cli.Commands;

/// <summary>Turns text into token ids.</summary>
internal sealed class TokenizeCommand : Verb
{
    private static readonly string[] FilesOfRuns = [RunFolder.RecipeName, RunFolder.PlanName, HealingRecipe.FileName];

    private readonly Argument<string> _folder = new Argument<string>("folder") { Description = "Folder with a tokenizer.json or tokenizer.model, a run folder, or a GGUF file" }.RefuseEmpty();
    private readonly Option<string?> _text = new("--text") { Description = "The text" };
    private readonly Option<string?> _jsonLines = new Option<string?>("--jsonl") { Description = "File with one JSON string a line, each tokenised on its own", HelpName = "path" }.RefuseEmpty();
    private readonly Option<bool> _noSpecial = new("--no-special") { Description = "Leave out the special tokens that the tokenizer adds" };

    public TokenizeCommand()
        : base("tokenize", "Turns text into token ids.", "niwaki tokenize samples/novels-4m --text \"Call me Ishmael.\"")
    {
        Add(_folder);
        Add(_text);
        Add(_jsonLines);
        Add(_noSpecial);
    }

    public override int Run(ParseResult parsed, Terminal terminal, CancellationToken cancellationToken)
    {
        string? text = parsed.GetValue(_text);
        string? path = parsed.GetValue(_jsonLines);
        if (text is null == path is null)
        {
            throw new UsageException($"{(text is null ? "Neither" : "Both")} --text and --jsonl are given, expected one of them.");
        }

        var tokenizer = Tokenizer.Load(TokenizerFolder(parsed.GetValue(_folder)!));
        bool special = !parsed.GetValue(_noSpecial);
        if (text is not null)
        {
            int[] ids = tokenizer.Encode(text, special);
            Write(parsed, terminal, ids, new JsonObject { ["ids"] = ToJson(ids) });
            return ExitCodes.Success;
        }

        var items = new JsonArray();

        // All lines are read before the first is written: a broken one leaves no half result.
        foreach (string line in ReadStrings(path!).ToArray())
        {
            cancellationToken.ThrowIfCancellationRequested();
            int[] ids = tokenizer.Encode(line, special);
            if (Json(parsed))
            {
                items.Add((JsonNode)new JsonObject { ["ids"] = ToJson(ids) });
            }
            else
            {
                terminal.Output.WriteLine(string.Join(' ', ids));
            }
        }

        if (Json(parsed))
        {
            terminal.WriteJson(new JsonObject { ["items"] = items });
        }

        return ExitCodes.Success;
    }

    private void Write(ParseResult parsed, Terminal terminal, int[] ids, JsonObject json)
    {
        if (Json(parsed))
        {
            terminal.WriteJson(json);
        }
        else
        {
            terminal.Output.WriteLine(string.Join(' ', ids));
        }
    }

    /// <summary>The folder itself, config.json or not; of a run or a healing the folder of its model.</summary>
    private static string TokenizerFolder(string path) => FilesOfRuns.Any(name => File.Exists(Path.Combine(path, name))) ? ModelFolder.Resolve(path) : path;

    private static JsonArray ToJson(int[] ids) => new([.. ids.Select(id => (JsonNode)id)]);

    private static IEnumerable<string> ReadStrings(string path)
    {
        int number = 0;
        foreach (string line in TextFile.Read(path).Split('\n'))
        {
            number++;
            if (!string.IsNullOrWhiteSpace(line))
            {
                yield return ParseString(path, number, line);
            }
        }
    }

    private static string ParseString(string path, int number, string line)
    {
        try
        {
            return JsonNode.Parse(line) is JsonValue value && value.TryGetValue(out string? text)
                ? text
                : throw new JsonException("another kind of JSON value");
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: half a surrogate pair, which is JSON but no text.
            string where = string.Create(CultureInfo.InvariantCulture, $"{Path.GetFileName(path)}, line {number}");
            throw new DatasetException(where, $"holds {exception.Message}", "one JSON string", "Write one text a line, quoted and escaped as JSON.");
        }
    }
}
