using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Niwaki.Formats;

/// <summary>Numbers in the byte order that all model files have.</summary>
internal static class LittleEndian
{
    /// <summary>Writes float32 elements.</summary>
    public static void Write(ReadOnlySpan<float> values, Stream destination)
    {
        if (BitConverter.IsLittleEndian)
        {
            destination.Write(MemoryMarshal.AsBytes(values));
            return;
        }

        Span<byte> bytes = stackalloc byte[sizeof(float)];
        foreach (float value in values)
        {
            BinaryPrimitives.WriteSingleLittleEndian(bytes, value);
            destination.Write(bytes);
        }
    }
}
