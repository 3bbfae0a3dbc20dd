namespace Niwaki.Formats.Parquet;

/// <summary>A group of rows.</summary>
/// <param name="Rows">Rows.</param>
/// <param name="Chunks">Its columns, in the order of the schema.</param>
internal sealed record ParquetRowGroup(long Rows, IReadOnlyList<ParquetChunk> Chunks);
