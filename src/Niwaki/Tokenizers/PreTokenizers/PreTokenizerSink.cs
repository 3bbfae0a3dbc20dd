namespace Niwaki.Tokenizers.PreTokenizers;

/// <summary>Links two steps: every piece of the step before is cut further by this step.</summary>
internal sealed class PreTokenizerSink : PieceSink
{
    private readonly PreTokenizer _step;
    private readonly PieceSink _next;

    private PreTokenizerSink(PreTokenizer step, PieceSink next)
    {
        _step = step;
        _next = next;
    }

    /// <summary>Chains several steps in front of a last sink.</summary>
    /// <param name="steps">Steps, the first one first; none gives <paramref name="last"/> itself.</param>
    /// <param name="last">What takes the finished pieces.</param>
    public static PieceSink Chain(IReadOnlyList<PreTokenizer> steps, PieceSink last)
    {
        PieceSink sink = last;
        for (int i = steps.Count - 1; i >= 0; i--)
        {
            sink = new PreTokenizerSink(steps[i], sink);
        }

        return sink;
    }

    public override void Take(ReadOnlySpan<char> piece, bool startsText) => _step.Split(piece, startsText, _next);
}
