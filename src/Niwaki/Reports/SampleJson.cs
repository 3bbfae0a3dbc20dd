using System.Text.Json.Serialization;

namespace Niwaki.Reports;

/// <summary>Reads and writes sample texts with code made at build time, without reflection.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    NewLine = "\n",
    WriteIndented = true)]
[JsonSerializable(typeof(SampleTexts))]
internal sealed partial class SampleJson : JsonSerializerContext;
