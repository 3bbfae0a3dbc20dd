namespace Niwaki.Formats.Safetensors;

/// <summary>Lets exactly the bytes of one planned tensor through to the file; <c>description</c> is element type and shape for the message.</summary>
internal sealed class TensorStream(Stream destination, string name, long byteLength, string description) : WriteOnlyStream
{
    private long _written;

    /// <exception cref="InvalidOperationException">More bytes than the tensor has; nothing of them is written.</exception>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        if (buffer.Length > byteLength - _written)
        {
            throw Wrong($"at least {MessageText.Count(_written + buffer.Length)}");
        }

        destination.Write(buffer);
        _written += buffer.Length;
    }

    /// <exception cref="InvalidOperationException">Fewer bytes than the tensor has.</exception>
    public void CheckComplete()
    {
        if (_written != byteLength)
        {
            throw Wrong(MessageText.Count(_written));
        }
    }

    private InvalidOperationException Wrong(string found) =>
        new($"Tensor '{MessageText.Shown(name)}': {found} bytes were written, expected {MessageText.Count(byteLength)} for {description}.");
}
