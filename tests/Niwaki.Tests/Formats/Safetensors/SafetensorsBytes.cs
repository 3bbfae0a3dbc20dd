using System.Buffers.Binary;
using System.Text;

namespace Niwaki.Tests.Formats.Safetensors;

/// <summary>Puts safetensors files together by hand, broken ones included, without the writer under test.</summary>
internal static class SafetensorsBytes
{
    /// <summary>Length field, header and <paramref name="dataBytes"/> bytes 0, 1, 2, ….</summary>
    public static byte[] File(string header, int dataBytes) => File(Encoding.UTF8.GetBytes(header), dataBytes);

    public static byte[] File(byte[] header, int dataBytes)
    {
        byte[] length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
        return [.. length, .. header, .. Enumerable.Range(0, dataBytes).Select(i => (byte)i)];
    }

    /// <summary>A file with F32 vectors of the given names, two elements each.</summary>
    public static byte[] Vectors(params string[] names)
    {
        var entries = names.Select((name, i) => $$"""
            "{{name}}":{"dtype":"F32","shape":[2],"data_offsets":[{{i * 8}},{{(i * 8) + 8}}]}
            """);
        return File("{" + string.Join(',', entries) + "}", names.Length * 8);
    }
}
