namespace Niwaki.Formats.HuggingFace;

/// <summary>A file that <see cref="CheckpointWriter"/> is going to write.</summary>
/// <param name="Name">Name in the model folder.</param>
/// <param name="ByteLength">Bytes it will have.</param>
public sealed record WeightFile(string Name, long ByteLength);
