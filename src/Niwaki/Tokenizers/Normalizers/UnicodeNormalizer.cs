using System.Text;

namespace Niwaki.Tokenizers.Normalizers;

/// <summary>One of the four normalisation forms of Unicode (UAX #15).</summary>
/// <param name="form">C, D, KC or KD.</param>
internal sealed class UnicodeNormalizer(NormalizationForm form) : Normalizer
{
    public override string Normalize(string text) => text.Normalize(form);
}
