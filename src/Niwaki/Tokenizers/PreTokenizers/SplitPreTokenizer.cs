namespace Niwaki.Tokenizers.PreTokenizers;

/// <summary>Cuts a text at the matches of a pattern.</summary>
/// <param name="pattern">Finds the matches.</param>
/// <param name="behaviour">What becomes of the matches.</param>
/// <param name="invert">Whether the gaps between the matches count as matches and the matches as gaps.</param>
internal sealed class SplitPreTokenizer(TextPattern pattern, SplitBehaviour behaviour, bool invert = false) : PreTokenizer
{
    /// <summary>ASCII digits: every digit for itself, or runs of digits.</summary>
    /// <remarks>
    /// As the JavaScript library of Hugging Face has it, whose ids are our golden ones. Its Rust library takes all of general category N instead;
    /// the two differ for characters such as ½ and ² only.
    /// </remarks>
    public static SplitPreTokenizer Digits(bool individual) =>
        new(new CharacterPattern(rune => rune.Value is >= '0' and <= '9'), individual ? SplitBehaviour.Isolated : SplitBehaviour.Contiguous);

    /// <summary>Punctuation characters.</summary>
    public static SplitPreTokenizer Punctuation(SplitBehaviour behaviour) => new(new CharacterPattern(CharacterKinds.IsPunctuation), behaviour);

    /// <summary>Words and runs of symbols, without the white space between them.</summary>
    public static SplitPreTokenizer Whitespace() => new(new WordPattern(), SplitBehaviour.Removed, invert: true);

    /// <summary>Everything between white space.</summary>
    public static SplitPreTokenizer WhitespaceSplit() => new(new CharacterPattern(System.Text.Rune.IsWhiteSpace), SplitBehaviour.Removed);

    public override void Split(ReadOnlySpan<char> text, bool startsText, PieceSink next)
    {
        var pieces = new PieceJoiner(text, startsText, next, behaviour, invert);
        pattern.FindMatches(text, ref pieces);
        pieces.End();
    }
}
