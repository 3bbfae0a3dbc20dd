namespace Niwaki.Tokenizers.Decoders;

/// <summary>Makes one token of all.</summary>
/// <param name="next">What takes the token, part by part.</param>
internal sealed class FuseStage(DecoderStage next) : DecoderStage
{
    private bool _hasBegun;

    public override void Take(ReadOnlySpan<char> text, bool begins, bool ends)
    {
        next.Take(text, begins: !_hasBegun, ends: false);
        _hasBegun = true;
    }

    public override void Finish()
    {
        next.Take([], begins: !_hasBegun, ends: true);
        next.Finish();
    }
}
