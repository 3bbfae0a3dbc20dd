using Niwaki.Formats;
using Niwaki.Tokenizers;

namespace Niwaki.Datasets;

/// <summary>Token ids of a text, for a model that need not fit the tokenizer beside it.</summary>
public static class TextTokens
{
    /// <summary>Turns a text into ids that the model has.</summary>
    /// <param name="tokenizer">The tokenizer in the model folder.</param>
    /// <param name="text">Text of any length.</param>
    /// <param name="vocabularySize">Ids that the model has: 0 to this, excluded.</param>
    /// <param name="folder">The model folder, for messages.</param>
    /// <param name="addSpecialTokens">Whether the ids are added that the tokenizer puts around every text.</param>
    /// <exception cref="ModelFormatException">The text has a token that the model does not know: the tokenizer belongs to another model.</exception>
    public static int[] Encode(Tokenizer tokenizer, string text, int vocabularySize, string folder, bool addSpecialTokens = true)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        int[] ids = tokenizer.Encode(text, addSpecialTokens);
        int wrong = Array.FindIndex(ids, id => id >= vocabularySize);
        return wrong < 0
            ? ids
            : throw new ModelFormatException(
                folder,
                "tokenizer",
                FormattableString.Invariant($"gives id {ids[wrong]} for '{MessageText.Shown(tokenizer.TokenText(ids[wrong]))}'"),
                FormattableString.Invariant($"ids below {vocabularySize}, the 'vocab_size' of config.json"),
                nextStep: "Copy the tokenizer of this very model into the folder.");
    }

    /// <summary>Refuses a tokenizer whose begin or end of a text the model does not have.</summary>
    /// <param name="tokenizer">The tokenizer in the model folder.</param>
    /// <param name="vocabularySize">Ids that the model has: 0 to this, excluded.</param>
    /// <param name="folder">The model folder, for messages.</param>
    /// <exception cref="ModelFormatException">One of them is beyond the vocabulary of the model.</exception>
    public static void CheckMarkers(Tokenizer tokenizer, int vocabularySize, string folder)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        foreach ((string name, int? id) in new[] { ("begin", tokenizer.BeginOfText), ("end", tokenizer.EndOfText) })
        {
            if (id >= vocabularySize)
            {
                throw new ModelFormatException(
                    folder, "tokenizer", FormattableString.Invariant($"has id {id} as {name} of a text"), FormattableString.Invariant($"ids below {vocabularySize}, the 'vocab_size' of config.json"),
                    nextStep: "Copy the tokenizer of this very model into the folder.");
            }
        }
    }

    /// <summary>Refuses an end of text that the model does not have.</summary>
    /// <param name="endOfText">The first 'eos_token_id' of the model, or else the end of text of the tokenizer; null: none.</param>
    /// <param name="vocabularySize">Ids that the model has: 0 to this, excluded.</param>
    /// <param name="folder">The model folder, for messages.</param>
    /// <exception cref="ModelFormatException">It is beyond the vocabulary of the model.</exception>
    public static void CheckEnd(int? endOfText, int vocabularySize, string folder)
    {
        if (endOfText >= vocabularySize)
        {
            throw new ModelFormatException(
                folder, "end of text", FormattableString.Invariant($"has id {endOfText}"), FormattableString.Invariant($"an id below {vocabularySize}, the 'vocab_size' of config.json"),
                nextStep: "Correct 'eos_token_id', or copy the tokenizer of this very model into the folder.");
        }
    }

    /// <summary>Turns documents into ids one behind the other, each with the end-of-text token behind it.</summary>
    /// <param name="tokenizer">The tokenizer.</param>
    /// <param name="documents">Documents, read as they come.</param>
    /// <param name="vocabularySize">Ids that the model has: 0 to this, excluded.</param>
    /// <param name="folder">The folder of the tokenizer, for messages.</param>
    /// <param name="endOfText">Id that ends a document, unless the tokenizer sets it anyway; null: none.</param>
    /// <exception cref="ModelFormatException">A text has a token that the model does not know, or the model has no such end of text.</exception>
    /// <exception cref="DatasetException">There are more than 2^31 - 1 tokens.</exception>
    public static int[] EncodeAll(Tokenizer tokenizer, IEnumerable<TextDocument> documents, int vocabularySize, string folder, int? endOfText)
    {
        ArgumentNullException.ThrowIfNull(documents);
        CheckEnd(endOfText, vocabularySize, folder);
        var ids = new List<int>();
        foreach (TextDocument document in documents)
        {
            int[] encoded = Encode(tokenizer, document.Text, vocabularySize, folder);
            if (encoded.Length >= Array.MaxLength - ids.Count)
            {
                throw new DatasetException(
                    document.Name,
                    FormattableString.Invariant($"brings the texts to {(long)ids.Count + encoded.Length:N0} tokens"),
                    FormattableString.Invariant($"fewer than {Array.MaxLength:N0} in all"),
                    "Train on a part of the texts.");
            }

            ids.AddRange(encoded);
            if (endOfText is { } end && (encoded.Length == 0 || encoded[^1] != end))
            {
                ids.Add(end);
            }
        }

        return [.. ids];
    }
}
