using Niwaki.Tokenizers;

namespace Niwaki.Datasets;

/// <summary>A text to train on and windows to measure on.</summary>
/// <param name="Ids">Token ids of the text, documents one behind the other.</param>
/// <param name="HeldOut">[windows][window] token ids that the text does not hold.</param>
/// <param name="Name">Name of the text in messages.</param>
public sealed record TrainingText(int[] Ids, int[][] HeldOut, string Name)
{
    /// <summary>Reads texts.</summary>
    /// <param name="tokenizer">The tokenizer.</param>
    /// <param name="folder">Its folder, for messages.</param>
    /// <param name="vocabularySize">Ids that the model has: 0 to this, excluded.</param>
    /// <param name="endOfText">Id that ends a document; null: that of the tokenizer, if it has one.</param>
    /// <param name="texts">Files as <see cref="TextCollection.Read"/> takes them.</param>
    /// <param name="heldOut">File to measure on; null: the last hundredth of the text, at least a window, which is not trained on.</param>
    /// <param name="window">Tokens of a window to measure on.</param>
    /// <param name="windows">Most windows to measure on.</param>
    /// <exception cref="DatasetException">A text is empty, too large, or shorter than a window, or the file to measure on is trained on.</exception>
    /// <exception cref="Formats.ModelFormatException">A text has a token that the model does not know.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">A file may not be read.</exception>
    public static TrainingText Read(
        Tokenizer tokenizer, string folder, int vocabularySize, int? endOfText, IReadOnlyList<string> texts, string? heldOut, int window, int windows)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentNullException.ThrowIfNull(texts);
        ThrowIfTrainedOn(texts, heldOut);
        int[] Encode(IEnumerable<string> paths) =>
            TextTokens.EncodeAll(tokenizer, paths.SelectMany(path => TextCollection.Read(path)), vocabularySize, folder, endOfText ?? tokenizer.EndOfText);
        int[] ids = Encode(texts);
        string name = string.Join(", ", texts);
        if (heldOut is not null)
        {
            return new TrainingText(ids, TextWindows.NonOverlapping(Encode([heldOut]), window, windows, heldOut), name);
        }

        int last = Math.Min(ids.Length, Math.Max(window, ids.Length / 100));
        return new TrainingText(ids[..^last], TextWindows.NonOverlapping(ids.AsSpan(ids.Length - last), window, windows, name), $"{name}, without the {last} tokens held out");
    }

    /// <summary>Refuses to measure on a file that is trained on.</summary>
    /// <param name="texts">Files to train on.</param>
    /// <param name="heldOut">File to measure on; null: none.</param>
    /// <exception cref="DatasetException">It is one of them.</exception>
    internal static void ThrowIfTrainedOn(IEnumerable<string> texts, string? heldOut)
    {
        if (heldOut is not null && texts.Any(text => Path.GetFullPath(text) == Path.GetFullPath(heldOut)))
        {
            throw new DatasetException(
                heldOut, "is trained on too", "another text to measure on", "A model measured on what it was trained on looks better than it is.");
        }
    }
}
