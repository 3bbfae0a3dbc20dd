using System.Globalization;
using System.Text;
using Niwaki.Evaluation.Speed;

namespace Niwaki.Reports;

/// <summary>Several runs or models as one table of texts.</summary>
/// <remarks>Figures stand in one column only where they were measured in the same way: every text, protocol and machine has columns of its own, named by a letter.</remarks>
public sealed class Comparison
{
    private readonly List<string> _headers = ["model", "method", "sparsity", "parameters", "weights on disk"];
    private readonly List<string> _notes = [];
    private readonly List<string[]> _rows;

    /// <summary>Makes a table.</summary>
    /// <param name="models">The models, one or more, in the order of the rows.</param>
    public Comparison(IReadOnlyList<ComparedModel> models)
    {
        ArgumentNullException.ThrowIfNull(models);
        Models = models;
        _rows =
        [
            .. models.Select(model => new[]
            {
                model.Name, model.Method ?? "-", model.Sparsity is { } share ? Quantity.Share(share) : "-", Quantity.Count(model.Parameters), Quantity.Bytes(model.WeightBytes),
            }),
        ];
        foreach (EvaluationIdentity identity in models.Select(model => model.Measured).OfType<EvaluationIdentity>().Distinct())
        {
            AddQuality(identity);
        }

        if (_notes.Count > 1)
        {
            _notes.Add("Perplexities of different letters were measured on different texts or by different protocols and cannot be compared.");
        }

        foreach (string conditions in models.SelectMany(Conditions).Distinct())
        {
            AddSpeed(conditions);
        }
    }

    /// <summary>The models.</summary>
    public IReadOnlyList<ComparedModel> Models { get; }

    /// <summary>Names of the columns.</summary>
    public IReadOnlyList<string> Headers => _headers;

    /// <summary>One row a model; a dash where a figure was not measured in the way of its column.</summary>
    public IReadOnlyList<IReadOnlyList<string>> Rows => _rows;

    /// <summary>What the letters mean, and what cannot be compared.</summary>
    public IReadOnlyList<string> Notes => _notes;

    /// <summary>The table in Markdown.</summary>
    public string ToMarkdown()
    {
        var text = new StringBuilder();
        text.Append("| ").AppendJoin(" | ", _headers.Select(MarkdownText.Cell)).Append(" |\n| --- |").AppendJoin('|', _headers.Skip(1).Select(_ => " ---: ")).Append("|\n");
        foreach (string[] row in _rows)
        {
            text.Append("| ").AppendJoin(" | ", row.Select(MarkdownText.Cell)).Append(" |\n");
        }

        foreach (string note in _notes)
        {
            text.Append('\n').Append(MarkdownText.Inline(note)).Append('\n');
        }

        return text.ToString();
    }

    /// <summary>The table as a page of its own.</summary>
    public string ToHtml() => Html.Document(
        "Comparison", $"<header><h1>Comparison</h1></header>\n{Html.Table(_headers, _rows)}{string.Concat(_notes.Select(note => Html.Paragraph(note, "note")))}\n");

    private void AddQuality(EvaluationIdentity identity)
    {
        string letter = NextLetter();
        _headers.AddRange([$"perplexity {letter}", "before", "loss change"]);
        for (int i = 0; i < _rows.Count; i++)
        {
            ComparedModel model = Models[i];
            _rows[i] = model.Measured == identity && model is { LossBefore: { } before, LossAfter: { } after }
                ? [.. _rows[i], Quantity.Figure(Math.Exp(after), 2), Quantity.Figure(Math.Exp(before), 2), Quantity.Signed(after - before)]
                : [.. _rows[i], "-", "-", "-"];
        }

        _notes.Add($"{letter}: {identity.Describe()}.");
    }

    private void AddSpeed(string conditions)
    {
        string letter = NextLetter();
        _headers.AddRange([$"prefill {letter}", $"decode {letter}", "of blocks: prefill", "decode"]);
        for (int i = 0; i < _rows.Count; i++)
        {
            (SpeedRow Own, SpeedRow Other)? pair = Pairs(Models[i]).Where(pair => pair.Conditions == conditions).Select(pair => ((SpeedRow, SpeedRow)?)(pair.Own, pair.Other)).FirstOrDefault();
            _rows[i] = pair is ({ } own, { } other)
                ? [.. _rows[i], Ratio(own.Prefill, other.Prefill), Ratio(own.Decode, other.Decode), Ratio(own.PrefillOfBlocks, other.PrefillOfBlocks), Ratio(own.DecodeOfBlocks, other.DecodeOfBlocks)]
                : [.. _rows[i], "-", "-", "-", "-"];
        }

        _notes.Add($"{letter}: tokens a second as a multiple of {conditions}; 'of blocks' without the output head.");
    }

    /// <summary>Letters in the order of the columns: A, B, …; behind Z numbers.</summary>
    private string NextLetter()
    {
        int used = _headers.Count(header => header.StartsWith("perplexity ", StringComparison.Ordinal) || header.StartsWith("prefill ", StringComparison.Ordinal));
        return used < 26 ? ((char)('A' + used)).ToString() : (used + 1).ToString(CultureInfo.InvariantCulture);
    }

    private static IEnumerable<string> Conditions(ComparedModel model) => Pairs(model).Select(pair => pair.Conditions);

    /// <summary>Ratios to the dense model compare where the dense model, the machine and the lengths are the same.</summary>
    private static IEnumerable<(string Conditions, SpeedRow Own, SpeedRow Other)> Pairs(ComparedModel model)
    {
        if (model.Speed is not { Models.Count: 2 } speed)
        {
            yield break;
        }

        foreach (SpeedRow own in speed.Rows.Where(row => row.Model == 0))
        {
            if (speed.Beside(own) is { } other)
            {
                string conditions = string.Create(
                    CultureInfo.InvariantCulture,
                    $"'{speed.Models[1].Name}', batch {own.Batch}, {own.Prompt} + {own.Generated} tokens, {speed.Threads} threads, {speed.VectorPath}, {speed.Machine}");
                yield return (conditions, own, other);
            }
        }
    }

    private static string Ratio(Spread own, Spread other) => Quantity.Figure(own.Median / other.Median, 2);
}
