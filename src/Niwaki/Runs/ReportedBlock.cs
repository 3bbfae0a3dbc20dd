namespace Niwaki.Runs;

/// <summary>What became of one block.</summary>
/// <param name="Block">Number of the block in the source, from 0.</param>
/// <param name="Before">Its sizes in the source.</param>
/// <param name="After">Its sizes in the pruned model; all 0 for a block that is gone.</param>
public sealed record ReportedBlock(int Block, ReportedShape Before, ReportedShape After);
