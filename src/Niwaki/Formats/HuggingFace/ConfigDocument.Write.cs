using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Niwaki.Formats.HuggingFace;

/// <content>Changing and writing a document.</content>
public sealed partial class ConfigDocument
{
    // Indented as transformers writes it, the same line ends on every platform; text stays readable instead of \u escapes.
    internal static readonly JsonWriterOptions WriterOptions = new()
    {
        Indented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        MaxDepth = StrictJson.MaxDepth + 1, // deeper is refused by the strict reader, with a better message
    };

    /// <summary>The field that names Python files beside the weights.</summary>
    internal const string RemoteCode = "auto_map";

    /// <summary>A document with some fields changed in place and new ones added at the end; numbers that stay keep their spelling.</summary>
    /// <param name="changes">Field name → value; a null value is written as JSON <c>null</c>.</param>
    /// <exception cref="ArgumentException">A value is a number that is not finite.</exception>
    /// <exception cref="ModelFormatException">The result would be nested more than 64 levels deep.</exception>
    public ConfigDocument With(IReadOnlyDictionary<string, JsonNode?> changes)
    {
        ArgumentNullException.ThrowIfNull(changes);
        return Rewrite(writer =>
        {
            foreach (JsonProperty field in Root.EnumerateObject())
            {
                if (!changes.ContainsKey(field.Name))
                {
                    field.WriteTo(writer);
                    continue;
                }

                WriteField(writer, field.Name, changes[field.Name]);
            }

            foreach ((string name, JsonNode? value) in changes.Where(change => !Root.TryGetProperty(change.Key, out _)))
            {
                WriteField(writer, name, value);
            }
        });
    }

    /// <summary>A document without some fields; names that are not there are ignored.</summary>
    /// <param name="names">Names of the fields to leave out.</param>
    public ConfigDocument Without(params string[] names)
    {
        ArgumentNullException.ThrowIfNull(names);
        return Rewrite(writer =>
        {
            foreach (JsonProperty field in Root.EnumerateObject().Where(field => !names.Contains(field.Name, StringComparer.Ordinal)))
            {
                field.WriteTo(writer);
            }
        });
    }

    /// <summary>A document without <c>auto_map</c>, for a folder without the Python files that it names: with it stock software does not load the model.</summary>
    public ConfigDocument WithoutRemoteCode() => Without(RemoteCode);

    /// <summary>Writes the document as indented JSON with a line end behind it.</summary>
    /// <param name="stream">Receives UTF-8.</param>
    /// <exception cref="IOException">The stream fails.</exception>
    public void WriteTo(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        using (var writer = new Utf8JsonWriter(stream, WriterOptions))
        {
            Root.WriteTo(writer);
        }

        stream.WriteByte((byte)'\n');
    }

    /// <summary>Writes the document to a file that appears whole or not at all.</summary>
    /// <param name="path">Target; its folder exists. An existing file is replaced.</param>
    /// <exception cref="IOException">The folder does not exist, the disk is full, or the target cannot be replaced.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder or the target may not be written.</exception>
    public void WriteTo(string path) => AtomicFile.Write(path, WriteTo);

    private static void WriteField(Utf8JsonWriter writer, string name, JsonNode? value)
    {
        writer.WritePropertyName(name);
        if (value is null)
        {
            writer.WriteNullValue();
        }
        else
        {
            value.WriteTo(writer);
        }
    }

    private ConfigDocument Rewrite(Action<Utf8JsonWriter> writeFields)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, WriterOptions))
        {
            writer.WriteStartObject();
            writeFields(writer);
            writer.WriteEndObject();
        }

        return new ConfigDocument(StrictJson.Parse(buffer.ToArray(), File), File, _prefix);
    }
}
