using Niwaki.Formats;
using Niwaki.Formats.HuggingFace;
using Niwaki.Tokenizers.Bpe;

namespace Niwaki.Tokenizers.HuggingFace;

/// <summary>Reads the post-processor of <c>tokenizer.json</c>: the ids around a text.</summary>
internal static class PostProcessorReader
{
    private const string Role = "post_processor";
    private const string Supported = "ByteLevel, Sequence or TemplateProcessing";

    /// <summary>Ids around a text, both sides and all templates together; known files have up to three.</summary>
    private const int MaxIds = 64;

    /// <summary>Reads a post-processor.</summary>
    /// <param name="component">Component; null adds nothing.</param>
    /// <param name="vocabulary">Tokens, added ones included.</param>
    /// <returns>Ids in front of a text and behind it.</returns>
    /// <exception cref="ModelFormatException">The component is broken, or there are too many ids.</exception>
    public static (List<int> Prefix, List<int> Suffix) Read(ConfigDocument? component, Vocabulary vocabulary)
    {
        List<int> prefix = [];
        List<int> suffix = [];
        if (component is not null)
        {
            Add(component, vocabulary, prefix, suffix);
        }

        return (prefix, suffix);
    }

    private static void Add(ConfigDocument component, Vocabulary vocabulary, List<int> prefix, List<int> suffix)
    {
        switch (component.GetString("type"))
        {
            case "ByteLevel":
                break; // moves offsets only
            case "Sequence":
                foreach (ConfigDocument part in component.GetObjectsOrNull("processors") ?? [])
                {
                    Add(part, vocabulary, prefix, suffix);
                }

                break;
            case "TemplateProcessing":
                AddTemplate(component, vocabulary, prefix, suffix);
                break;
            default:
                throw ComponentFault.Type(component, Role, Supported);
        }
    }

    /// <summary>A template surrounds what the templates before it made.</summary>
    private static void AddTemplate(ConfigDocument component, Vocabulary vocabulary, List<int> prefix, List<int> suffix)
    {
        List<int> before = [];
        List<int> after = [];
        int sequences = 0;
        foreach (ConfigDocument part in component.GetObjectsOrNull("single") ?? [])
        {
            if (part.GetObjectOrNull("SpecialToken") is { } special)
            {
                IReadOnlyList<int> ids = ReadIds(component, special.GetString("id"), vocabulary);
                if (ids.Count > MaxIds - prefix.Count - suffix.Count - before.Count - after.Count)
                {
                    throw new ModelFormatException(component.File, $"{Role} field 'single'", $"puts more than {MaxIds} ids around a text", $"at most {MaxIds}");
                }

                (sequences == 0 ? before : after).AddRange(ids);
            }
            else
            {
                string sequence = part.GetObject("Sequence").GetString("id");
                sequences += sequence == "A" ? 1 : throw ComponentFault.Broken(component, Role, "single", "sequence 'A' only");
            }
        }

        if (sequences != 1)
        {
            throw ComponentFault.Broken(component, Role, "single", "sequence 'A' exactly once");
        }

        prefix.InsertRange(0, before);
        suffix.AddRange(after);
    }

    private static IReadOnlyList<int> ReadIds(ConfigDocument component, string token, Vocabulary vocabulary)
    {
        ConfigDocument entry = component.GetObject("special_tokens").GetObject(token);
        IReadOnlyList<int> ids = entry.GetInt32sOrNull("ids", 0, BpeModelReader.MaxId)
            ?? throw ComponentFault.Broken(entry, $"{Role} special token '{MessageText.Shown(token)}'", "ids", "a list of token ids");
        foreach (int id in ids)
        {
            if (vocabulary.TokenOrNull(id) is null)
            {
                throw ComponentFault.Broken(entry, $"{Role} special token '{MessageText.Shown(token)}'", "ids", "ids of tokens in the vocabulary");
            }
        }

        return ids;
    }
}
