namespace Niwaki.Tokenizers.Normalizers;

/// <summary>Several steps, one after the other.</summary>
/// <param name="steps">Steps in order.</param>
internal sealed class SequenceNormalizer(IReadOnlyList<Normalizer> steps) : Normalizer
{
    public override string Normalize(string text)
    {
        foreach (Normalizer step in steps)
        {
            text = step.Normalize(text);
        }

        return text;
    }

    public override string? NormalizeWithin(string text, ref long room)
    {
        string? made = text;
        for (int i = 0; i < steps.Count && made is not null; i++)
        {
            made = steps[i].NormalizeWithin(made, ref room);
        }

        return made;
    }
}
