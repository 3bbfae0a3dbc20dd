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
    /// <exception cref="ModelFormatException">The text has a token that the model does not know: the tokenizer belongs to another model.</exception>
    public static int[] Encode(Tokenizer tokenizer, string text, int vocabularySize, string folder)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        int[] ids = tokenizer.Encode(text);
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
}
