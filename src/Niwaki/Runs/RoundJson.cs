using System.Text.Json.Serialization;

namespace Niwaki.Runs;

/// <summary>Reads and writes rounds with code made at build time, without reflection.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(RoundRecord))]
internal sealed partial class RoundJson : JsonSerializerContext;
