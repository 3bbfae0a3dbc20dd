namespace Niwaki.Tokenizers.Decoders;

/// <summary>A step on the way from tokens to text, at work on one sequence of tokens.</summary>
/// <remarks>
/// Tokens come one after another; a token may come in several parts when a stage before has fused all tokens into one. So the same
/// stages serve a whole sequence and one that is still being generated.
/// </remarks>
internal abstract class DecoderStage
{
    /// <summary>Takes a token or a part of one.</summary>
    /// <param name="text">The part, maybe empty.</param>
    /// <param name="begins">Whether a token begins here.</param>
    /// <param name="ends">Whether the token ends here.</param>
    public abstract void Take(ReadOnlySpan<char> text, bool begins, bool ends);

    /// <summary>No more tokens come: whatever was held back is handed on.</summary>
    public abstract void Finish();
}
