using Niwaki.Formats.HuggingFace;

namespace Niwaki.Pruning.Surgery;

/// <summary>How a cut model is written.</summary>
public sealed record SurgeryOptions
{
    /// <summary>Bytes of tensors in one weight file, 1 or more; 5 GB. A larger tensor gets a file of its own.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 1.</exception>
    public long MaxShardBytes
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            field = value;
        }
    } = CheckpointWriter.DefaultMaxShardBytes;
}
