using Niwaki.Formats.HuggingFace;
using Niwaki.Tokenizers.PreTokenizers;

namespace Niwaki.Tokenizers.HuggingFace;

/// <summary>Reads the pre-tokenizers of <c>tokenizer.json</c>.</summary>
internal static class PreTokenizerReader
{
    private const string Role = "pre_tokenizer";
    private const string Supported = "ByteLevel, Digits, Metaspace, Punctuation, Sequence, Split, Whitespace or WhitespaceSplit";

    /// <summary>Reads a pre-tokenizer; sequences become one flat list.</summary>
    /// <param name="component">Component; null gives an empty list.</param>
    public static List<PreTokenizer> Read(ConfigDocument? component) =>
        component is null ? [] : SequenceReader.Read(component, Role, "pretokenizers").ConvertAll(ReadStep);

    private static PreTokenizer ReadStep(ConfigDocument component) => component.GetString("type") switch
    {
        "ByteLevel" => new ByteLevelPreTokenizer(
            component.GetBooleanOrNull("add_prefix_space") ?? true, component.GetBooleanOrNull("use_regex") ?? true, writesBytes: true),
        "Digits" => SplitPreTokenizer.Digits(component.GetBooleanOrNull("individual_digits") ?? false),
        "Metaspace" => ReadMetaspace(component),
        "Punctuation" => SplitPreTokenizer.Punctuation(ReadBehaviour(component) ?? SplitBehaviour.Isolated),
        "Split" => new SplitPreTokenizer(
            PatternReader.Read(component, Role),
            ReadBehaviour(component) ?? throw ComponentFault.Broken(component, Role, "behavior", "the name of a behaviour"),
            component.GetBooleanOrNull("invert") ?? false),
        "Whitespace" => SplitPreTokenizer.Whitespace(),
        "WhitespaceSplit" => SplitPreTokenizer.WhitespaceSplit(),
        _ => throw ComponentFault.Type(component, Role, Supported),
    };

    private static MetaspacePreTokenizer ReadMetaspace(ConfigDocument component) =>
        new(ComponentFault.ReadCharacter(component, Role, "replacement"), ReadScheme(component, Role), component.GetBooleanOrNull("split") ?? true);

    /// <summary>When a metaspace goes in front; older files say so by a flag.</summary>
    public static PrependScheme ReadScheme(ConfigDocument component, string role) => component.GetStringOrNull("prepend_scheme") switch
    {
        "always" => PrependScheme.Always,
        "first" => PrependScheme.First,
        "never" => PrependScheme.Never,
        null => component.GetBooleanOrNull("add_prefix_space") ?? true ? PrependScheme.Always : PrependScheme.Never,
        _ => throw ComponentFault.Broken(component, role, "prepend_scheme", "'always', 'first' or 'never'"),
    };

    private static SplitBehaviour? ReadBehaviour(ConfigDocument component) => component.GetStringOrNull("behavior") switch
    {
        null => null,
        nameof(SplitBehaviour.Isolated) => SplitBehaviour.Isolated,
        nameof(SplitBehaviour.Removed) => SplitBehaviour.Removed,
        nameof(SplitBehaviour.MergedWithPrevious) => SplitBehaviour.MergedWithPrevious,
        nameof(SplitBehaviour.MergedWithNext) => SplitBehaviour.MergedWithNext,
        nameof(SplitBehaviour.Contiguous) => SplitBehaviour.Contiguous,
        _ => throw ComponentFault.Broken(
            component, Role, "behavior", "'Isolated', 'Removed', 'MergedWithPrevious', 'MergedWithNext' or 'Contiguous'"),
    };
}
