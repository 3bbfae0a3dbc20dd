namespace Niwaki.Tokenizers.Decoders;

/// <summary>Puts a blank between tokens: what a tokenizer without a decoder means.</summary>
/// <param name="next">What takes the tokens.</param>
internal sealed class JoinStage(DecoderStage next) : DecoderStage
{
    private bool _hasBegun;

    public override void Take(ReadOnlySpan<char> text, bool begins, bool ends)
    {
        if (begins && _hasBegun)
        {
            next.Take(" ", begins: true, ends: true);
        }

        _hasBegun = true;
        next.Take(text, begins, ends);
    }

    public override void Finish() => next.Finish();
}
