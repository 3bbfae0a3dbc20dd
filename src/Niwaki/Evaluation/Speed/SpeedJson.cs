using System.Text.Json.Serialization;

namespace Niwaki.Evaluation.Speed;

/// <summary>Reads and writes measurements of speed with code made at build time, without reflection.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    NewLine = "\n",
    WriteIndented = true)]
[JsonSerializable(typeof(SpeedReport))]
internal sealed partial class SpeedJson : JsonSerializerContext;
