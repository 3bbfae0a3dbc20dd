namespace Niwaki.Models;

/// <summary>How a memory budget is spent: which blocks keep their packed weights, and how much residual stream a pass carries.</summary>
/// <remarks>
/// A pass goes through the blocks in order again and again, for which the best cache of a fixed size is a fixed set:
/// the first blocks stay, the others are packed anew from the memory-mapped file whenever a pass reaches them.
/// </remarks>
/// <param name="ResidentBlocks">Blocks, counted from the first, whose packed weights stay in memory.</param>
/// <param name="ResidentHead">Whether the packed output head stays.</param>
/// <param name="HeadPieceRows">Rows of the output head that are packed at once where it does not stay.</param>
/// <param name="WeightBytes">Largest packed weights at one time.</param>
/// <param name="StreamBytes">Residual stream of one pass.</param>
public sealed record MemoryPlan(int ResidentBlocks, bool ResidentHead, int HeadPieceRows, long WeightBytes, long StreamBytes)
{
    /// <summary>Residual stream where no budget is given: 256 MiB, 16,384 tokens of a model 4,096 wide.</summary>
    public const long DefaultStreamBytes = 256L << 20;

    private const long LargestHeadPieceBytes = 32L << 20;

    /// <summary>Divides a budget.</summary>
    /// <param name="config">The model.</param>
    /// <param name="blockBytes">Packed bytes of every block.</param>
    /// <param name="headBytes">Packed bytes of the output head.</param>
    /// <param name="budget">Bytes for weights and stream; null: everything stays.</param>
    /// <exception cref="MemoryBudgetException">The budget does not hold the largest block and the stream of one context.</exception>
    public static MemoryPlan Create(ModelConfig config, IReadOnlyList<long> blockBytes, long headBytes, long? budget)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(blockBytes);
        long all = blockBytes.Sum() + headBytes;
        if (budget is not { } bytes || bytes >= all + DefaultStreamBytes)
        {
            return new MemoryPlan(blockBytes.Count, true, config.VocabularySize, all, DefaultStreamBytes);
        }

        // A quarter of the budget, but never less than one window of the model's context, is the stream.
        long headRowBytes = Math.Max(1, headBytes / config.VocabularySize);
        int pieceRows = (int)Math.Clamp(LargestHeadPieceBytes / headRowBytes, 16, config.VocabularySize);
        long smallestStream = ResidualStream.BytesFor(Math.Min(config.ContextLength, 2048), config.HiddenSize);
        long stream = Math.Clamp(bytes / 4, Math.Min(smallestStream, DefaultStreamBytes), DefaultStreamBytes);
        long passing = Math.Max(blockBytes.Count == 0 ? 0 : blockBytes.Max(), pieceRows * headRowBytes);
        long left = bytes - stream - passing;
        if (left < 0)
        {
            throw new MemoryBudgetException(bytes, stream + passing);
        }

        int resident = 0;
        long kept = 0;
        while (resident < blockBytes.Count && kept + blockBytes[resident] <= left)
        {
            kept += blockBytes[resident++];
        }

        return new MemoryPlan(resident, false, pieceRows, kept + passing, stream);
    }
}
