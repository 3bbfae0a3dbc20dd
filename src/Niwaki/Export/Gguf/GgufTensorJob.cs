using Niwaki.Formats.Gguf;

namespace Niwaki.Export.Gguf;

/// <summary>One tensor of the file and where it comes from.</summary>
/// <param name="Target">Name, encoding and shape.</param>
/// <param name="Parts">What its rows come from, one after another; empty for numbers that are made.</param>
/// <param name="Values">The numbers, for a tensor that is made; else null.</param>
internal sealed record GgufTensorJob(GgufPlannedTensor Target, IReadOnlyList<GgufTensorPart> Parts, float[]? Values = null);
