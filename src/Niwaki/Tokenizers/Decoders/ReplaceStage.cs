using System.Text;

namespace Niwaki.Tokenizers.Decoders;

/// <summary>Replaces a string inside every token.</summary>
/// <remarks>A token that comes in parts is held until it ends, unless the string is a single character, which no border can cut.</remarks>
/// <param name="pattern">String to look for, not empty.</param>
/// <param name="content">What it becomes.</param>
/// <param name="next">What takes the tokens.</param>
internal sealed class ReplaceStage(string pattern, string content, DecoderStage next) : DecoderStage
{
    private readonly StringBuilder _held = new();
    private bool _heldBegins;

    public override void Take(ReadOnlySpan<char> text, bool begins, bool ends)
    {
        if (pattern.Length == 1 || (begins && ends))
        {
            next.Take(text.ToString().Replace(pattern, content, StringComparison.Ordinal), begins, ends);
            return;
        }

        _heldBegins |= begins;
        _held.Append(text);
        if (ends)
        {
            next.Take(_held.Replace(pattern, content).ToString(), _heldBegins, ends: true);
            _held.Clear();
            _heldBegins = false;
        }
    }

    public override void Finish() => next.Finish();
}
