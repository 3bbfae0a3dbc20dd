using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Niwaki.Formats.Safetensors;

namespace Niwaki.Formats.HuggingFace;

/// <summary>Names a set of tensors by SHA-256, however it is spread over files.</summary>
/// <remarks>
/// Tensors go in by name in ordinal order, each as name and dimensions, with the length in front of every part so that no two sets run into the
/// same bytes: texts as UTF-8, numbers as 8 bytes little-endian. The content hash adds element type and bytes, so that a copy of a model in
/// another element type has the same structure and another content.
/// </remarks>
internal static class TensorHash
{
    public static string OfStructure(IReadOnlyList<SafetensorsEntry> tensors)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (SafetensorsEntry tensor in Sorted(tensors))
        {
            AppendStructure(hash, tensor);
        }

        return Hexadecimal(hash);
    }

    /// <param name="tensors">The tensors, in any order.</param>
    /// <param name="copy">Writes the bytes of the tensor of a name to a stream.</param>
    public static string OfContent(IReadOnlyList<SafetensorsEntry> tensors, Action<string, Stream> copy)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var sink = new HashStream(hash);
        foreach (SafetensorsEntry tensor in Sorted(tensors))
        {
            AppendStructure(hash, tensor);
            AppendText(hash, tensor.DataType);
            copy(tensor.Name, sink);
        }

        return Hexadecimal(hash);
    }

    private static IEnumerable<SafetensorsEntry> Sorted(IReadOnlyList<SafetensorsEntry> tensors) =>
        tensors.OrderBy(tensor => tensor.Name, StringComparer.Ordinal);

    private static void AppendStructure(IncrementalHash hash, SafetensorsEntry tensor)
    {
        AppendText(hash, tensor.Name);
        AppendNumber(hash, tensor.Shape.Count);
        foreach (long dimension in tensor.Shape)
        {
            AppendNumber(hash, dimension);
        }
    }

    private static void AppendText(IncrementalHash hash, string text)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(text);
        AppendNumber(hash, utf8.Length);
        hash.AppendData(utf8);
    }

    private static void AppendNumber(IncrementalHash hash, long number)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, number);
        hash.AppendData(bytes);
    }

    private static string Hexadecimal(IncrementalHash hash) => Convert.ToHexStringLower(hash.GetHashAndReset());
}
