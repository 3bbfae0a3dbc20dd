using System.Text;

namespace Niwaki.Tokenizers.Decoders;

/// <summary>The end of a chain: collects the finished text.</summary>
internal sealed class TextCollector : DecoderStage
{
    private readonly StringBuilder _text = new();

    public override void Take(ReadOnlySpan<char> text, bool begins, bool ends) => _text.Append(text);

    public override void Finish()
    {
        // Nothing is held back here.
    }

    /// <summary>The text since the last call.</summary>
    public string TakeText()
    {
        string text = _text.ToString();
        _text.Clear();
        return text;
    }
}
