using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Niwaki.Cli.Output;

/// <summary>How JSON results look.</summary>
internal static class JsonFormat
{
    /// <summary>Indented, other scripts than Latin left as they are; numbers beyond float64 as "Infinity", as in report.json.</summary>
    public static JsonSerializerOptions Indented { get; } = new()
    {
        WriteIndented = true,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };
}
