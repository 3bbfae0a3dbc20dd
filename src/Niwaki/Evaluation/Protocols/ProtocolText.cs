using System.Text;
using Niwaki.Datasets;
using Niwaki.Tokenizers;

namespace Niwaki.Evaluation.Protocols;

/// <summary>Reads a text and cuts it into windows as a protocol says.</summary>
public static class ProtocolText
{
    /// <summary>Reads a text.</summary>
    /// <remarks>
    /// A <c>.zip</c> or <c>.jsonl</c> gives the documents that <see cref="TextCollection.Read"/> finds in it. Everything else is one text, in which with <c>lm-eval</c>
    /// every article is a document; where the protocol takes the whole text, its line ends stay as they are.
    /// </remarks>
    /// <param name="options">The protocol.</param>
    /// <param name="path">The file; of documents at most <see cref="TextFile.DefaultMaxBytes"/> in all.</param>
    /// <exception cref="DatasetException">The file holds no text, is broken, or is too large.</exception>
    /// <exception cref="IOException">The file does not exist or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read, or is a folder.</exception>
    public static IReadOnlyList<TextDocument> Read(ProtocolOptions options, string path)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (TextCollection.HoldsDocuments(path))
        {
            return [.. TextCollection.Read(path, TextFile.DefaultMaxBytes)];
        }

        return options.Protocol switch
        {
            ProtocolNames.LmEval => [.. TextCollection.Read(path).SelectMany(text => WikiTextPages.Split(text.Text).Select(page => new TextDocument(path, page)))],
            ProtocolNames.Documents => [.. TextCollection.Read(path)],
            _ => [new TextDocument(path, TextFile.Read(path))],
        };
    }

    /// <summary>Cuts a text.</summary>
    /// <param name="options">The protocol.</param>
    /// <param name="documents">What <see cref="Read"/> gives; the protocols that do not know documents join several with an empty line in between.</param>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="encode">Turns a text into ids that the model has; the second argument: whether the tokens go with it that the tokenizer adds by itself.</param>
    /// <param name="contextLength">The model's context.</param>
    /// <param name="name">Name of the text in messages.</param>
    /// <exception cref="ArgumentException">Options are out of range; the message names all of them.</exception>
    /// <exception cref="DatasetException">The text is too short, or the protocol needs a token that the tokenizer does not have.</exception>
    public static ScoredText Cut(
        ProtocolOptions options, IReadOnlyList<TextDocument> documents, Tokenizer tokenizer, Func<string, bool, int[]> encode, int contextLength, string name)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(documents);
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentNullException.ThrowIfNull(encode);
        string[] faults = [.. options.Faults()];
        if (faults.Length > 0)
        {
            throw new ArgumentException(string.Join(" ", faults), nameof(options));
        }

        int window = options.Window ?? options.DefaultWindow(contextLength);
        return options.Protocol switch
        {
            ProtocolNames.LlamaCpp => Chunks(options, encode(WithoutLastLineEnd(Joined(documents)), true), window, tokenizer, name),
            ProtocolNames.LmEval => LmEvalDocuments(options, documents, tokenizer, encode, window, name),
            ProtocolNames.Segments => Segments(options, encode(Joined(documents), false), window, tokenizer, name),
            ProtocolNames.Documents => Documents(options, documents, tokenizer, encode, window, name),
            _ => Plain(options, encode(Joined(documents), true), window, name),
        };
    }

    /// <summary>llama.cpp drops one line feed at the end of a prompt that it reads from a file.</summary>
    private static string WithoutLastLineEnd(string text) => text.EndsWith('\n') ? text[..^1] : text;

    private static string Joined(IReadOnlyList<TextDocument> documents) => string.Join("\n\n", documents.Select(document => document.Text));

    private static ScoredText Plain(ProtocolOptions options, int[] ids, int window, string name) =>
        new(options.Protocol, window, [.. TextWindows.NonOverlapping(ids, window, options.Limit, name).Select(cut => new ScoredWindow(cut))], ErrorUnit.Windows);

    /// <summary>Chunks whose first token is replaced by the begin of a text; the logits of positions n/2 to n − 2 count.</summary>
    private static ScoredText Chunks(ProtocolOptions options, int[] ids, int window, Tokenizer tokenizer, string name)
    {
        if (ids.Length < 2 * window)
        {
            throw new DatasetException(
                name,
                FormattableString.Invariant($"has {ids.Length:N0} tokens"),
                FormattableString.Invariant($"at least {2 * window:N0}, two chunks, as llama.cpp does"),
                "Give a longer text or a shorter window.");
        }

        int[][] chunks = TextWindows.NonOverlapping(ids, window, options.Limit, name);
        if (tokenizer is { AddsBeginOfText: true, BeginOfText: { } begin })
        {
            Array.ForEach(chunks, chunk => chunk[0] = begin);
        }

        return new ScoredText(options.Protocol, window, [.. chunks.Select(chunk => new ScoredWindow(chunk, (window / 2) + 1))], ErrorUnit.Tokens);
    }

    private static ScoredText Segments(ProtocolOptions options, int[] ids, int window, Tokenizer tokenizer, string name)
    {
        if (!options.BeginEveryWindow)
        {
            int[] all = tokenizer.BeginOfText is { } first && ids.FirstOrDefault(-1) != first ? [first, .. ids] : ids;
            return Plain(options, all, window, name);
        }

        int begin = tokenizer.BeginOfText ?? throw NoBeginOfText(name);
        int[][] windows = TextWindows.NonOverlapping(ids, window, options.Limit, name);
        return new ScoredText(options.Protocol, window, [.. windows.Select(cut => new ScoredWindow([begin, .. cut]))], ErrorUnit.Windows)
        {
            Name = FormattableString.Invariant($"{options.Protocol}-{window}-bos"),
        };
    }

    private static ScoredText Documents(
        ProtocolOptions options, IReadOnlyList<TextDocument> documents, Tokenizer tokenizer, Func<string, bool, int[]> encode, int window, string name)
    {
        int begin = tokenizer.BeginOfText ?? throw NoBeginOfText(name);
        IEnumerable<string> texts = documents.SelectMany(document =>
            document.Text.Split(options.Separator, StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));
        int[][] ids = [.. texts.Take(options.Limit ?? int.MaxValue).Select(text => encode(text, false)).Where(text => text.Length > 0)];
        ScoredWindow[] windows = [.. ids.SelectMany((text, i) => TextWindows.Rolling([begin, .. text], window).Select(cut => new ScoredWindow(cut, 1, i)))];
        return WithDocuments(options, window, windows, ids.Length, name);
    }

    private static ScoredText LmEvalDocuments(
        ProtocolOptions options, IReadOnlyList<TextDocument> documents, Tokenizer tokenizer, Func<string, bool, int[]> encode, int window, string name)
    {
        int prefix = tokenizer.BeginOfText ?? tokenizer.EndOfText ?? throw NoBeginOfText(name);
        string[] pages = [.. documents.Take(options.Limit ?? int.MaxValue).Select(document => document.Text)];
        ScoredWindow[] windows = [.. pages.SelectMany((page, i) => RollingToTheEnd(encode(WikiTextDetokeniser.Apply(page), false), prefix, window, i))];
        return WithDocuments(options, window, windows, pages.Length, name) with
        {
            Words = pages.Sum(page => (long)WikiTextPages.Words(page)),
            Bytes = pages.Sum(page => (long)Encoding.UTF8.GetByteCount(page)),
        };
    }

    /// <summary>
    /// Windows of <paramref name="inputs"/> tokens that a model reads, each predicting the next; a further window sees one token of the one before it, and the
    /// last one, which would be shorter, reaches back so far that it has as many inputs as the others.
    /// </summary>
    private static IEnumerable<ScoredWindow> RollingToTheEnd(int[] ids, int prefix, int inputs, int document)
    {
        int[] all = [prefix, .. ids];
        int start = 0;
        for (; all.Length - start > inputs; start += inputs)
        {
            yield return new ScoredWindow(all[start..(start + inputs + 1)], 1, document);
        }

        int left = all.Length - 1 - start;
        if (left > 0)
        {
            int first = Math.Max(0, all.Length - inputs - 1);
            yield return new ScoredWindow(all[first..], all.Length - first - left, document);
        }
    }

    private static ScoredText WithDocuments(ProtocolOptions options, int window, ScoredWindow[] windows, int documents, string name) =>
        windows.Length > 0
            ? new ScoredText(options.Protocol, window, windows, ErrorUnit.Documents) { Documents = documents }
            : throw new DatasetException(name, "holds no token to score", "one at least", "Was the right file given?");

    private static DatasetException NoBeginOfText(string name) =>
        new(name, "needs a token in front of its documents or windows that the tokenizer does not have", "a begin-of-text token", "Use protocol gptq or llamacpp.");
}
