using Niwaki.Formats.HuggingFace;

namespace Niwaki.Export.HuggingFace;

/// <summary>How a Hugging Face folder is written.</summary>
public sealed record ExportOptions
{
    /// <summary>How far the profile <c>padded</c> fills up. Default: to the sizes of the whole model in <c>config.json</c>.</summary>
    public PaddingTarget PadTo { get; init; } = PaddingTarget.Original;

    /// <summary>Bytes of tensors in one weight file, 1 or more; 5 GB.</summary>
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
