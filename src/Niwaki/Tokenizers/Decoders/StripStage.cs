namespace Niwaki.Tokenizers.Decoders;

/// <summary>Takes a character off both ends of every token, a few times at most.</summary>
/// <param name="content">Character to take off.</param>
/// <param name="start">Most times at the beginning.</param>
/// <param name="stop">Most times at the end.</param>
/// <param name="next">What takes the tokens.</param>
internal sealed class StripStage(char content, int start, int stop, DecoderStage next) : DecoderStage
{
    private int _toStrip;
    private int _held; // characters at the end that will be taken off if the token ends here

    public override void Take(ReadOnlySpan<char> text, bool begins, bool ends)
    {
        if (begins)
        {
            _toStrip = start;
            _held = 0;
        }

        while (_toStrip > 0 && !text.IsEmpty)
        {
            if (text[0] != content)
            {
                _toStrip = 0;
                break;
            }

            text = text[1..];
            _toStrip--;
        }

        int trailing = text.Length - text.TrimEnd(content).Length;
        if (trailing < text.Length)
        {
            WriteHeld(ref begins, 0);
        }

        int holdable = Math.Min(trailing, stop);
        next.Take(text[..^holdable], begins, ends: false);
        begins = false;
        _held += holdable;
        WriteHeld(ref begins, stop);
        if (ends)
        {
            next.Take([], begins: false, ends: true);
        }
    }

    public override void Finish() => next.Finish();

    /// <summary>Hands on all but the last few characters held.</summary>
    private void WriteHeld(ref bool begins, int keep)
    {
        while (_held > keep)
        {
            next.Take([content], begins, ends: false);
            begins = false;
            _held--;
        }
    }
}
