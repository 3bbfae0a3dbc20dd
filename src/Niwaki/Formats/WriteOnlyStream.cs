namespace Niwaki.Formats;

/// <summary>A stream that can only be written, so that its kinds need to say nothing else than what happens to the bytes.</summary>
internal abstract class WriteOnlyStream : Stream
{
    public sealed override bool CanRead => false;

    public sealed override bool CanSeek => false;

    public sealed override bool CanWrite => true;

    public sealed override long Length => throw new NotSupportedException("The stream has no length, expected to be written only.");

    public sealed override long Position
    {
        get => throw new NotSupportedException("The stream has no position, expected to be written only.");
        set => throw new NotSupportedException("The stream has no position, expected to be written only.");
    }

    public abstract override void Write(ReadOnlySpan<byte> buffer);

    public sealed override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public sealed override void WriteByte(byte value) => Write([value]);

    public override void Flush()
    {
    }

    public sealed override int Read(byte[] buffer, int offset, int count) =>
        throw new NotSupportedException("The stream cannot be read, expected to be written only.");

    public sealed override long Seek(long offset, SeekOrigin origin) =>
        throw new NotSupportedException("The stream has no position, expected to be written only.");

    public sealed override void SetLength(long value) =>
        throw new NotSupportedException("The stream has no length, expected to be written only.");
}
