using System.Text;
using Niwaki.Formats.HuggingFace;
using Niwaki.Tokenizers.Normalizers;

namespace Niwaki.Tokenizers.HuggingFace;

/// <summary>Reads the normaliser of <c>tokenizer.json</c>.</summary>
internal static class NormalizerReader
{
    private const string Role = "normalizer";
    private const string Supported = "Lowercase, NFC, NFD, NFKC, NFKD, Prepend, Replace, Sequence or Strip";

    /// <summary>Reads a normaliser; sequences become one flat list.</summary>
    /// <param name="component">Component.</param>
    public static Normalizer Read(ConfigDocument component)
    {
        List<Normalizer> steps = SequenceReader.Read(component, Role, "normalizers").ConvertAll(ReadStep);
        return steps.Count == 1 ? steps[0] : new SequenceNormalizer(steps);
    }

    private static Normalizer ReadStep(ConfigDocument component) => component.GetString("type") switch
    {
        "Lowercase" => new LowercaseNormalizer(),
        "NFC" => new UnicodeNormalizer(NormalizationForm.FormC),
        "NFD" => new UnicodeNormalizer(NormalizationForm.FormD),
        "NFKC" => new UnicodeNormalizer(NormalizationForm.FormKC),
        "NFKD" => new UnicodeNormalizer(NormalizationForm.FormKD),
        "Prepend" => new PrependNormalizer(component.GetString("prepend")),
        "Replace" => new ReplaceNormalizer(PatternReader.ReadLiteral(component, Role), component.GetString("content")),
        "Strip" => new StripNormalizer(component.GetBooleanOrNull("strip_left") ?? true, component.GetBooleanOrNull("strip_right") ?? true),
        _ => throw ComponentFault.Type(component, Role, Supported),
    };
}
