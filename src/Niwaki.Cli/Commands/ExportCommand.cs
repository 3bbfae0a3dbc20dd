using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Niwaki.Cli.Arguments;
using Niwaki.Cli.Output;
using Niwaki.Evaluation;
using Niwaki.Export;
using Niwaki.Export.Gguf;
using Niwaki.Export.HuggingFace;
using Niwaki.Formats.Gguf;
using Niwaki.Formats.HuggingFace;
using Niwaki.Kernels;
using Niwaki.Models;
using Niwaki.Plans;
using Spectre.Console;

namespace Niwaki.Cli.Commands;

/// <summary>Writes a model as a file of another runtime.</summary>
/// <remarks>Each format of <c>--format</c> is a method of its own: <see cref="ExportGguf"/>. Options that only one format has say so in their description.</remarks>
internal sealed class ExportCommand : Verb
{
    private const string Gguf = "gguf";
    private const string HuggingFace = "hf";

    private readonly Argument<string> _model = ModelArgument();
    private readonly Option<string> _format = new("--format") { Description = "What to write: gguf (llama.cpp, Ollama, LM Studio) or hf (transformers, vLLM, SGLang, mlx-lm)", DefaultValueFactory = _ => Gguf };
    private readonly Option<string?> _type = new("--type", "--outtype")
    {
        Description = "gguf: encoding of the matrices. Default: as they are stored; F32, with a warning, where they differ or are Q4, Q5 or K-quants",
        HelpName = string.Join("|", GgufTensorTypes.Writable),
    };

    private readonly Option<string?> _out = new Option<string?>("--out", "-o", "--outfile") { Description = "File or, with hf, folder to make. Default: NAME-PARAMETERS-TYPE.gguf or NAME-PROFILE in the current folder", HelpName = "path" }.RefuseEmpty();
    private readonly Option<string?> _pre = new("--pre") { Description = "gguf: id of the pre-tokenizer in llama.cpp. Default: found from tokenizer.json", HelpName = "id" };

    private readonly HuggingFaceExportPart _huggingFace = new();
    private readonly Option<ShapeProfile?> _profile = ProfileArgument.Create("Shapes to write. Default: as the blocks are, which is uniform, hetero-gguf or hetero-hf");

    public ExportCommand()
        : base("export", "Writes a model as a file that other software runs.", "niwaki export samples/novels-4m --format gguf --type Q8_0 --out runs/novels-4m.gguf")
    {
        _format.AcceptOnlyFromAmong(Gguf, HuggingFace);
        foreach (Option option in (Option[])[_format, _profile, _type, _out, _pre, _huggingFace.PadTo])
        {
            Add(option);
        }

        Add(_model);
    }

    public override int Run(ParseResult parsed, Terminal terminal, CancellationToken cancellationToken)
    {
        RefuseOptionsOfTheOther(parsed);
        using var checkpoint = Checkpoint.Open(parsed.GetValue(_model)!);
        ModelConfig config = ModelConfigReader.Read(checkpoint);
        if (parsed.GetValue(_format) == HuggingFace)
        {
            var run = new HuggingFaceExportRun(checkpoint, config, parsed.GetValue(_profile), parsed.GetValue(_out), Threads(parsed), Memory(parsed), Json(parsed));
            return _huggingFace.Run(parsed, terminal, run, cancellationToken);
        }

        CheckGgufProfile(parsed.GetValue(_profile), config);
        using PaddedModel? padded = parsed.GetValue(_profile) == ShapeProfile.Padded ? PaddedModel.Open(checkpoint, config, parsed.GetValue(_huggingFace.PadTo)) : null;
        return ExportGguf(parsed, terminal, checkpoint, config, padded, cancellationToken);
    }

    /// <summary>An option that would be ignored is a mistake.</summary>
    private void RefuseOptionsOfTheOther(ParseResult parsed)
    {
        Option? ignored = parsed.GetValue(_format) == HuggingFace ? ((Option[])[_type, _pre]).FirstOrDefault(option => parsed.GetResult(option) is { Implicit: false }) : null;
        if (ignored is not null)
        {
            throw new UsageException($"{ignored.Name} is given with --format hf, expected it with --format gguf only: a Hugging Face folder keeps the stored element types and tokenizer files.");
        }

        if (parsed.GetResult(_huggingFace.PadTo) is { Implicit: false } && parsed.GetValue(_profile) != ShapeProfile.Padded)
        {
            throw new UsageException("--pad-to is given without --profile padded, expected both: only that profile fills blocks up.");
        }
    }

    /// <summary>What the blocks are decides about the container; a profile only says what they must be.</summary>
    private static void CheckGgufProfile(ShapeProfile? profile, ModelConfig config)
    {
        if (profile is ShapeProfile.HeteroHf or ShapeProfile.NemotronNas)
        {
            throw new UsageException($"--profile is {ProfileRule.Of(profile.Value).Name}, expected depth, uniform, hetero-gguf or padded with --format gguf. Use --format hf.");
        }

        if (profile is { } named && ProfileRule.Of(named).FaultOf(config) is { } fault)
        {
            throw new UsageException(fault);
        }
    }

    private int ExportGguf(ParseResult parsed, Terminal terminal, Checkpoint checkpoint, ModelConfig config, PaddedModel? padded, CancellationToken cancellationToken)
    {
        var export = GgufExport.Plan(padded?.Checkpoint ?? checkpoint, padded?.Config ?? config, new GgufExportOptions { Type = ReadType(parsed), PreTokenizer = parsed.GetValue(_pre) });
        using var team = new ThreadTeam(Threads(parsed));
        export.RequireMemory(team, Memory(parsed));
        string path = parsed.GetValue(_out) ?? export.FileName;
        foreach (string warning in export.Warnings)
        {
            terminal.Error.WriteLine(warning);
        }

        if (!Json(parsed))
        {
            ShowPlan(terminal, export);
        }

        string modelfile;
        LogitDifference difference;
        using (var display = ProgressDisplay.Start(terminal, Json(parsed)))
        {
            modelfile = export.Write(path, new ByteProgress(display, $"writing {path}", export.ByteLength), cancellationToken);
            display.Report("comparing with the model", 1, 0, null);
            difference = export.Verify(path, team, Memory(parsed), cancellationToken);
            if (export.IsRounding || padded is not null)
            {
                // What rounding does to the logits depends on the model: it is shown, and refused only where it cannot be the reason.
                difference = ExportCheck.Measure(checkpoint, config, path, team, Memory(parsed), cancellationToken);
                difference.ThrowIfAbove(path, export.IsRounding ? double.MaxValue : LogitDifference.DefaultThreshold);
            }
        }

        if (Json(parsed))
        {
            terminal.WriteJson(ToJson(export, path, modelfile, difference));
        }
        else
        {
            terminal.Output.WriteLine($"{path}: {Quantity.Bytes(export.ByteLength)}, architecture '{export.Architecture}'. For Ollama: {modelfile}");
            terminal.Output.WriteLine(
                $"Compared with the model on {difference.Tokens} tokens: largest relative difference {difference.LargestRelative.ToString("0.0e+0", CultureInfo.InvariantCulture)}, same top token {Quantity.Share(difference.TopAgreement)}.");
        }

        return ExitCodes.Success;
    }

    private GgufTensorType? ReadType(ParseResult parsed)
    {
        if (parsed.GetValue(_type) is not { } name)
        {
            return null;
        }

        foreach (GgufTensorType type in GgufTensorTypes.Writable)
        {
            if (string.Equals(type.ToString(), name, StringComparison.OrdinalIgnoreCase))
            {
                return type;
            }
        }

        throw new UsageException($"--type is '{name}', expected one of {string.Join(", ", GgufTensorTypes.Writable)}.");
    }

    /// <summary>What llama-quantize will make of rows that are no whole blocks of its encodings.</summary>
    private static void ShowQuantisation(Terminal terminal, GgufExport export)
    {
        IReadOnlyList<QuantisationFallback> fallbacks = QuantisationFallback.Of(export.Tensors);
        if (!export.Type.IsPlain() || fallbacks.Count == 0)
        {
            return;
        }

        var table = new Table().Border(TableBorder.Rounded).AddColumns("llama-quantize: rows of", "width", "tensors", "instead of Q4_K, Q5_K, Q6_K", "next width that fits");
        foreach (QuantisationFallback fallback in fallbacks)
        {
            table.AddRow(Markup.Escape(fallback.Kind), Quantity.Count(fallback.Width), Quantity.Count(fallback.Tensors), fallback.Encodings, Quantity.Count(fallback.NextWidth));
        }

        terminal.Tables.Write(table);
    }

    /// <summary>How many matrices get which encoding, and which cannot have the one that was asked for.</summary>
    private static void ShowPlan(Terminal terminal, GgufExport export)
    {
        var table = new Table().Border(TableBorder.Rounded).AddColumns("encoding", "tensors", "bytes");
        foreach (IGrouping<GgufTensorType, GgufPlannedTensor> group in export.Tensors.GroupBy(tensor => tensor.Type).OrderByDescending(group => group.Sum(tensor => tensor.ByteLength)))
        {
            table.AddRow(group.Key.ToString(), Quantity.Count(group.Count()), Quantity.Bytes(group.Sum(tensor => tensor.ByteLength)));
        }

        terminal.Tables.Write(table);
        ShowQuantisation(terminal, export);
        if (export.Fallbacks.Count == 0)
        {
            return;
        }

        var fallbacks = new Table().Border(TableBorder.Rounded).AddColumns($"no whole blocks of {export.Type}, or one", "stored as", "width", "next width that fits");
        foreach (GgufPlannedTensor tensor in export.Fallbacks)
        {
            int block = export.Type.BlockElements();
            fallbacks.AddRow(
                Markup.Escape(tensor.Name),
                tensor.Type.ToString(),
                Quantity.Count(tensor.Shape[^1]),
                Quantity.Count(Math.Max(2, (tensor.Shape[^1] + block - 1) / block) * block));
        }

        terminal.Tables.Write(fallbacks);
    }

    private static JsonObject ToJson(GgufExport export, string path, string modelfile, LogitDifference difference) => new()
    {
        ["file"] = path,
        ["bytes"] = export.ByteLength,
        ["architecture"] = export.Architecture,
        ["type"] = export.Type.ToString(),
        ["tensors"] = export.Tensors.Count,
        ["fallbacks"] = new JsonArray([.. export.Fallbacks.Select(tensor => (JsonNode)tensor.Name)]),
        ["quantisationFallbacks"] = new JsonArray([.. QuantisationFallback.Of(export.Tensors).Select(fallback => (JsonNode)new JsonObject
        {
            ["kind"] = fallback.Kind,
            ["width"] = fallback.Width,
            ["tensors"] = fallback.Tensors,
            ["encodings"] = fallback.Encodings,
        })]),
        ["warnings"] = new JsonArray([.. export.Warnings.Select(warning => (JsonNode)warning)]),
        ["modelfile"] = modelfile,
        ["tokensCompared"] = difference.Tokens,
        ["largestRelative"] = difference.LargestRelative,
        ["meanDivergence"] = difference.MeanDivergence,
        ["topAgreement"] = difference.TopAgreement,
    };
}
