using Niwaki.Formats.Safetensors;
using Niwaki.Tensors;

namespace Niwaki.Formats.Gguf;

/// <summary>A tensor as a Hugging Face checkpoint has it, and where its numbers lie in a GGUF file.</summary>
/// <param name="Entry">Name, element type and shape of the checkpoint.</param>
/// <param name="Stored">The tensor of the file.</param>
/// <param name="FirstRow">Its first row in the tensor of the file.</param>
/// <param name="HeadDim">Where rows lie in the order of adjacent pairs: channels of a head; else 0.</param>
internal sealed record GgufWeight(SafetensorsEntry Entry, GgufTensor Stored, long FirstRow, int HeadDim)
{
    /// <summary>Whether the checkpoint has one dimension.</summary>
    public bool IsVector => Entry.Shape.Count == 1;

    /// <summary>Whether the bytes of the file are the numbers in their order and in an element type.</summary>
    /// <param name="type">Element type.</param>
    public bool IsDirect(ElementType type) => HeadDim == 0 && Stored.Type == type.ToTensorType();

    /// <summary>The place in the file of a channel of the checkpoint: of a head's d channels, 2i and 2i + 1 hold i and i + d/2.</summary>
    /// <param name="channel">Row of a matrix, element of a vector.</param>
    public long PlaceOf(long channel)
    {
        if (HeadDim == 0)
        {
            return channel;
        }

        long inHead = channel % HeadDim;
        int half = HeadDim / 2;
        return channel - inHead + (2 * (inHead % half)) + (inHead / half);
    }
}
