using System.Text.Encodings.Web;
using System.Text.Json;

namespace Niwaki.Cli.Output;

/// <summary>How JSON results look.</summary>
internal static class JsonFormat
{
    /// <summary>Indented, other scripts than Latin left as they are.</summary>
    public static JsonSerializerOptions Indented { get; } = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };
}
