namespace Niwaki.Export.Gguf;

/// <summary>A tensor of the source, or a run of zeros, that becomes rows of a tensor in the file.</summary>
/// <param name="Source">Name in the source; null: zeros.</param>
/// <param name="Rows">Rows; 1 for a vector.</param>
/// <param name="Columns">Columns.</param>
/// <param name="IsVector">Whether the source has one dimension.</param>
/// <param name="HeadDim">Where rows are to be put into the order of adjacent pairs: channels of a head; else 0.</param>
internal sealed record GgufTensorPart(string? Source, int Rows, int Columns, bool IsVector = false, int HeadDim = 0)
{
    /// <summary>The place in the source of a channel of the file: of a head's d channels, i and i + d/2 become 2i and 2i + 1.</summary>
    /// <param name="channel">Row of a matrix, element of a vector.</param>
    public int SourceOf(int channel) => HeadDim == 0 ? channel : Interleaved(channel, HeadDim);

    private static int Interleaved(int channel, int headDim)
    {
        int inHead = channel % headDim;
        return channel - inHead + (inHead % 2 * (headDim / 2)) + (inHead / 2);
    }
}
