namespace Niwaki.Formats.Parquet;

/// <summary>Where the values of a column in a group of rows lie.</summary>
/// <param name="Column">Index of the column.</param>
/// <param name="Codec">Number of the compression.</param>
/// <param name="Values">Values, those that are missing included.</param>
/// <param name="Offset">First byte of its pages.</param>
/// <param name="Bytes">Bytes of its pages.</param>
internal sealed record ParquetChunk(int Column, int Codec, long Values, long Offset, long Bytes);
