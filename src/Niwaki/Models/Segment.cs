namespace Niwaki.Models;

/// <summary>Consecutive rows of the residual stream that one sequence contributes to a chunk.</summary>
/// <param name="Row">First row in the residual stream.</param>
/// <param name="ChunkRow">First row in the chunk's buffers.</param>
/// <param name="Count">Rows.</param>
/// <param name="Position">Position of the first row in its sequence.</param>
/// <param name="Gates">Gates of the sequence in this block, or null where all are open.</param>
/// <param name="Cache">Keys and values of earlier tokens, or null where the sequence begins here.</param>
internal readonly record struct Segment(int Row, int ChunkRow, int Count, int Position, BlockGates? Gates, KeyValueCache? Cache);
