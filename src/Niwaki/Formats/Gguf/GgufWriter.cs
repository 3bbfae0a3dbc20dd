using System.Runtime.InteropServices;
using System.Text;
using Niwaki.Formats.Safetensors;

namespace Niwaki.Formats.Gguf;

/// <summary>Writes a GGUF file of version 3, a tensor at a time, from metadata and a list of tensors that are known beforehand.</summary>
/// <remarks>Tensors begin at multiples of 32 bytes and follow each other in the order given. The size of the file is known before a byte is written.</remarks>
public sealed class GgufWriter
{
    // Everything in front of the data, padding included.
    private readonly byte[] _header;

    /// <summary>Plans a file.</summary>
    /// <param name="metadata">Keys and values in the order in which they are written; keys are unique and not <c>general.alignment</c>.</param>
    /// <param name="tensors">The tensors in the order of their bytes; names are unique.</param>
    /// <exception cref="ArgumentException">A key or a name comes twice, or a key is empty or reserved.</exception>
    public GgufWriter(IReadOnlyList<KeyValuePair<string, GgufValue>> metadata, IReadOnlyList<GgufPlannedTensor> tensors)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        ArgumentNullException.ThrowIfNull(tensors);
        CheckUnique(metadata.Select(entry => entry.Key), "Metadata key");
        CheckUnique(tensors.Select(tensor => tensor.Name), "Tensor name");
        if (metadata.Any(entry => entry.Key is "" or GgufHeader.AlignmentKey))
        {
            throw new ArgumentException($"A metadata key is empty or '{GgufHeader.AlignmentKey}', expected neither.", nameof(metadata));
        }

        Tensors = [.. tensors];
        _header = Header(metadata, Tensors);
        ByteLength = Tensors.Aggregate((long)_header.Length, (sum, tensor) => checked(sum + Padded(tensor.ByteLength)));
    }

    /// <summary>The tensors in the order of their bytes.</summary>
    public IReadOnlyList<GgufPlannedTensor> Tensors { get; }

    /// <summary>Bytes the file will have.</summary>
    public long ByteLength { get; }

    /// <summary>Writes the file so that it appears whole or not at all.</summary>
    /// <param name="path">Target; its folder exists. An existing file is replaced.</param>
    /// <param name="writeTensor">Writes the bytes of one tensor, row after row; called once per tensor in their order.</param>
    /// <param name="cancellationToken">Looked at between tensors.</param>
    /// <exception cref="InvalidOperationException">The callback wrote more or fewer bytes than the tensor has.</exception>
    /// <exception cref="IOException">The folder does not exist, the disk is full, or the target cannot be replaced.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder or the target may not be written.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public void Write(string path, Action<GgufPlannedTensor, Stream> writeTensor, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(writeTensor);
        AtomicFile.Write(path, ByteLength, stream =>
        {
            byte[] padding = new byte[GgufHeader.DefaultAlignment];
            stream.Write(_header);
            foreach (GgufPlannedTensor tensor in Tensors)
            {
                cancellationToken.ThrowIfCancellationRequested();
                using var bytes = new TensorStream(stream, tensor.Name, tensor.ByteLength, tensor.ToString());
                writeTensor(tensor, bytes);
                bytes.CheckComplete();
                stream.Write(padding, 0, (int)(Padded(tensor.ByteLength) - tensor.ByteLength));
            }
        });
    }

    private static long Padded(long bytes) => GgufHeader.Align(bytes, GgufHeader.DefaultAlignment);

    private static void CheckUnique(IEnumerable<string> names, string what)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (string name in names)
        {
            if (!seen.Add(name))
            {
                throw new ArgumentException($"{what} '{MessageText.Shown(name)}' comes twice, expected each once.", nameof(names));
            }
        }
    }

    private static byte[] Header(IReadOnlyList<KeyValuePair<string, GgufValue>> metadata, IReadOnlyList<GgufPlannedTensor> tensors)
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream, Encoding.UTF8);
        writer.Write(GgufHeader.Magic);
        writer.Write(GgufHeader.Version);
        writer.Write((ulong)tensors.Count);
        writer.Write((ulong)metadata.Count);
        foreach ((string key, GgufValue value) in metadata)
        {
            WriteText(writer, key);
            writer.Write((uint)value.Type);
            WriteContent(writer, value.Content);
        }

        long offset = 0;
        foreach (GgufPlannedTensor tensor in tensors)
        {
            WriteText(writer, tensor.Name);
            writer.Write((uint)tensor.Shape.Count);
            foreach (long dimension in tensor.Shape.Reverse())
            {
                writer.Write(dimension);
            }

            writer.Write((uint)tensor.Type);
            writer.Write(offset);
            offset = checked(offset + Padded(tensor.ByteLength));
        }

        writer.Flush();
        stream.SetLength(Padded(stream.Length));
        return stream.ToArray();
    }

    private static void WriteText(BinaryWriter writer, string text)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(text);
        writer.Write((ulong)utf8.Length);
        writer.Write(utf8);
    }

    private static void WriteContent(BinaryWriter writer, object content)
    {
        switch (content)
        {
            case string text:
                WriteText(writer, text);
                break;
            case Array array:
                WriteArray(writer, array);
                break;
            case float or double:
                WriteFloat(writer, content);
                break;
            default:
                WriteInteger(writer, content);
                break;
        }
    }

    private static void WriteFloat(BinaryWriter writer, object content)
    {
        if (content is float single)
        {
            writer.Write(single);
        }
        else
        {
            writer.Write((double)content);
        }
    }

    private static void WriteInteger(BinaryWriter writer, object content)
    {
        switch (content)
        {
            case bool value:
                writer.Write(value);
                break;
            case byte value:
                writer.Write(value);
                break;
            case sbyte value:
                writer.Write(value);
                break;
            case ushort value:
                writer.Write(value);
                break;
            case short value:
                writer.Write(value);
                break;
            case uint value:
                writer.Write(value);
                break;
            case int value:
                writer.Write(value);
                break;
            case ulong value:
                writer.Write(value);
                break;
            default:
                writer.Write((long)content);
                break;
        }
    }

    private static void WriteArray(BinaryWriter writer, Array array)
    {
        writer.Write((uint)GgufValue.Of(array).ElementType!.Value);
        writer.Write((ulong)array.Length);
        switch (array)
        {
            case int[] numbers:
                writer.Write(MemoryMarshal.AsBytes(numbers.AsSpan()));
                break;
            case float[] numbers:
                writer.Write(MemoryMarshal.AsBytes(numbers.AsSpan()));
                break;
            default:
                foreach (object element in array)
                {
                    WriteContent(writer, element is GgufValue inner ? inner.Content : element);
                }

                break;
        }
    }
}
