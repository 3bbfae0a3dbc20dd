namespace Niwaki.Tokenizers.Decoders;

/// <summary>Turns the visible blank back into a blank.</summary>
/// <param name="replacement">The visible blank.</param>
/// <param name="dropsFirst">Whether the first token loses its visible blanks, because one was put in front of the text.</param>
/// <param name="next">What takes the tokens.</param>
internal sealed class MetaspaceStage(char replacement, bool dropsFirst, DecoderStage next) : DecoderStage
{
    private int _tokens;

    public override void Take(ReadOnlySpan<char> text, bool begins, bool ends)
    {
        if (begins)
        {
            _tokens++;
        }

        string content = text.ToString();
        bool drops = dropsFirst && _tokens == 1;
        next.Take(drops ? content.Replace(replacement.ToString(), "", StringComparison.Ordinal) : content.Replace(replacement, ' '), begins, ends);
    }

    public override void Finish() => next.Finish();
}
