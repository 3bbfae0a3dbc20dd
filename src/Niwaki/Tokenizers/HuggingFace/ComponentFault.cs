using Niwaki.Formats;
using Niwaki.Formats.HuggingFace;

namespace Niwaki.Tokenizers.HuggingFace;

/// <summary>Errors about the components of <c>tokenizer.json</c>.</summary>
internal static class ComponentFault
{
    /// <summary>A component of a type that is not supported.</summary>
    /// <param name="component">Component with a field <c>type</c>.</param>
    /// <param name="role">What the component is, such as <c>normalizer</c>.</param>
    /// <param name="supported">Types supported.</param>
    public static UnsupportedModelException Type(ConfigDocument component, string role, string supported) =>
        new(component.File, role, $"is of type '{MessageText.Shown(component.GetString("type"))}'", supported);

    /// <summary>A field of a component has a value that is not supported.</summary>
    /// <param name="component">Component.</param>
    /// <param name="role">What the component is, such as <c>normalizer</c>.</param>
    /// <param name="field">Name of the field.</param>
    /// <param name="supported">Values supported.</param>
    public static UnsupportedModelException Value(ConfigDocument component, string role, string field, string supported) =>
        new(component.File, $"{role} field '{field}'", $"is {MessageText.Shown(component.Root.GetProperty(field))}", supported);

    /// <summary>A field of a component is broken.</summary>
    /// <param name="component">Component.</param>
    /// <param name="role">What the component is, such as <c>normalizer</c>.</param>
    /// <param name="field">Name of the field.</param>
    /// <param name="expected">The rule.</param>
    public static ModelFormatException Broken(ConfigDocument component, string role, string field, string expected)
    {
        string found = component.Root.TryGetProperty(field, out System.Text.Json.JsonElement value) ? $"is {MessageText.Shown(value)}" : "is missing";
        return new ModelFormatException(component.File, $"{role} field '{field}'", found, expected);
    }

    /// <summary>A text of exactly one character of the basic plane.</summary>
    /// <exception cref="ModelFormatException">The field is something else.</exception>
    public static char ReadCharacter(ConfigDocument component, string role, string field)
    {
        string text = component.GetString(field);
        return text.Length == 1 ? text[0] : throw Broken(component, role, field, "a text of one character of Unicode's basic plane");
    }
}
