using Niwaki.Formats.HuggingFace;
using Niwaki.Tokenizers.Decoders;
using Niwaki.Tokenizers.PreTokenizers;

namespace Niwaki.Tokenizers.HuggingFace;

/// <summary>Reads the decoder of <c>tokenizer.json</c>.</summary>
internal static class DecoderReader
{
    private const string Role = "decoder";
    private const string Supported = "ByteFallback, ByteLevel, Fuse, Metaspace, Replace, Sequence or Strip";
    private const int MaxStrip = 1 << 20;

    /// <summary>Reads a decoder; sequences become one flat chain.</summary>
    /// <param name="component">Component; null gives tokens with blanks between them.</param>
    public static DecoderChain Read(ConfigDocument? component)
    {
        if (component is null)
        {
            return new DecoderChain { Steps = [next => new JoinStage(next)] };
        }

        List<ConfigDocument> components = SequenceReader.Read(component, Role, "decoders");
        return new DecoderChain
        {
            Steps = [.. components.Select(ReadStep)],
            ReadsByteAlphabet = components.Any(part => part.GetString("type") == "ByteLevel"),
            ReadsByteTokens = components.Any(part => part.GetString("type") == "ByteFallback"),
            Metaspace = components.Select(ReadMetaspace).FirstOrDefault(metaspace => metaspace is not null),
        };
    }

    private static DecoderStep ReadStep(ConfigDocument component)
    {
        switch (component.GetString("type"))
        {
            case "ByteFallback":
                return next => new ByteFallbackStage(next);
            case "ByteLevel":
                return next => new ByteLevelStage(next);
            case "Fuse":
                return next => new FuseStage(next);
            case "Metaspace":
                char metaspace = ComponentFault.ReadCharacter(component, Role, "replacement");
                bool dropsFirst = PreTokenizerReader.ReadScheme(component, Role) != PrependScheme.Never;
                return next => new MetaspaceStage(metaspace, dropsFirst, next);
            case "Replace":
                string pattern = PatternReader.ReadLiteral(component, Role);
                string replacement = component.GetString("content");
                return next => new ReplaceStage(pattern, replacement, next);
            case "Strip":
                char content = ComponentFault.ReadCharacter(component, Role, "content");
                int start = component.GetInt32("start", 0, MaxStrip);
                int stop = component.GetInt32("stop", 0, MaxStrip);
                return next => new StripStage(content, start, stop, next);
            default:
                throw ComponentFault.Type(component, Role, Supported);
        }
    }

    /// <summary>The character that a component turns into a blank.</summary>
    private static char? ReadMetaspace(ConfigDocument component)
    {
        switch (component.GetString("type"))
        {
            case "Metaspace":
                return ComponentFault.ReadCharacter(component, Role, "replacement");
            case "Replace" when component.GetString("content") == " " && PatternReader.ReadLiteral(component, Role) is { Length: 1 } pattern:
                return pattern[0];
            default:
                return null;
        }
    }
}
