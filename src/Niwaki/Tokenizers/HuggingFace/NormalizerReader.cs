using System.Text;
using Niwaki.Formats.HuggingFace;
using Niwaki.Tokenizers.Normalizers;

namespace Niwaki.Tokenizers.HuggingFace;

/// <summary>Reads the normaliser of <c>tokenizer.json</c>.</summary>
internal static class NormalizerReader
{
    private const string Role = "normalizer";
    private const string Supported = "Lowercase, NFC, NFD, NFKC, NFKD, Prepend, Replace, Sequence or Strip";

    /// <summary>Reads a normaliser.</summary>
    /// <param name="component">Component.</param>
    public static Normalizer Read(ConfigDocument component) => component.GetString("type") switch
    {
        "Lowercase" => new LowercaseNormalizer(),
        "NFC" => new UnicodeNormalizer(NormalizationForm.FormC),
        "NFD" => new UnicodeNormalizer(NormalizationForm.FormD),
        "NFKC" => new UnicodeNormalizer(NormalizationForm.FormKC),
        "NFKD" => new UnicodeNormalizer(NormalizationForm.FormKD),
        "Prepend" => new PrependNormalizer(component.GetString("prepend")),
        "Replace" => new ReplaceNormalizer(PatternReader.ReadLiteral(component, Role), component.GetString("content")),
        "Sequence" => new SequenceNormalizer([.. (component.GetObjectsOrNull("normalizers") ?? []).Select(Read)]),
        "Strip" => new StripNormalizer(component.GetBooleanOrNull("strip_left") ?? true, component.GetBooleanOrNull("strip_right") ?? true),
        _ => throw ComponentFault.Type(component, Role, Supported),
    };
}
