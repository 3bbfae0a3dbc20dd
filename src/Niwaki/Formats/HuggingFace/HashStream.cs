using System.Security.Cryptography;

namespace Niwaki.Formats.HuggingFace;

/// <summary>A stream that hashes what is written to it and keeps nothing.</summary>
internal sealed class HashStream(IncrementalHash hash) : WriteOnlyStream
{
    public override void Write(ReadOnlySpan<byte> buffer) => hash.AppendData(buffer);
}
