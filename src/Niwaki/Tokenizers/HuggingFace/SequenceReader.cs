using Niwaki.Formats;
using Niwaki.Formats.HuggingFace;

namespace Niwaki.Tokenizers.HuggingFace;

/// <summary>Reads the steps of normalisers, pre-tokenizers and decoders, which may be sequences, in sequences again.</summary>
internal static class SequenceReader
{
    /// <summary>Steps of a component, those of sequences in sequences counted together; they call each other when they run. Known files have up to five.</summary>
    private const int MaxSteps = 64;

    /// <summary>Makes one flat list: of a sequence its parts and theirs, of another component itself.</summary>
    /// <remarks>How deep sequences lie in each other is bounded by <see cref="StrictJson.MaxDepth"/>.</remarks>
    /// <param name="component">Component with a field <c>type</c>.</param>
    /// <param name="role">What the component is, such as <c>normalizer</c>.</param>
    /// <param name="field">Name of the field with the parts of a sequence.</param>
    /// <exception cref="ModelFormatException">There are too many steps.</exception>
    public static List<ConfigDocument> Read(ConfigDocument component, string role, string field)
    {
        var steps = new List<ConfigDocument>();
        AddSteps(component, role, field, steps);
        return steps;
    }

    private static void AddSteps(ConfigDocument component, string role, string field, List<ConfigDocument> steps)
    {
        if (component.GetString("type") == "Sequence")
        {
            foreach (ConfigDocument part in component.GetObjectsOrNull(field) ?? [])
            {
                AddSteps(part, role, field, steps);
            }

            return;
        }

        if (steps.Count == MaxSteps)
        {
            throw new ModelFormatException(component.File, role, $"has more than {MaxSteps} steps", $"at most {MaxSteps}");
        }

        steps.Add(component);
    }
}
