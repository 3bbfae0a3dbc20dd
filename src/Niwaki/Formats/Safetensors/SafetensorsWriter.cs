using System.Buffers.Binary;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Niwaki.Formats.Safetensors;

/// <summary>Writes one safetensors file, a tensor at a time, from a list that is known beforehand.</summary>
/// <remarks>
/// The tensors follow each other in the order given. The header is padded with spaces so that the data starts at a multiple of 8 bytes.
/// The size of the file is known before a byte is written.
/// </remarks>
public sealed class SafetensorsWriter
{
    /// <summary>What transformers looks for before it loads a file: the tensors are laid out as PyTorch does.</summary>
    internal static readonly IReadOnlyDictionary<string, string> PyTorchMetadata =
        new Dictionary<string, string>(StringComparer.Ordinal) { ["format"] = "pt" };

    private const int Alignment = 8;

    private static readonly JsonWriterOptions HeaderOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    // Length field and padded JSON.
    private readonly byte[] _header;

    /// <summary>Plans a file.</summary>
    /// <param name="tensors">The tensors in the order of their bytes; names are unique.</param>
    /// <param name="metadata">Texts for <c>__metadata__</c>; null = <c>{"format": "pt"}</c>.</param>
    /// <exception cref="ArgumentException">A name comes twice, or the header would be longer than the format allows.</exception>
    /// <exception cref="OverflowException">The file would be longer than 2^63 - 1 bytes.</exception>
    public SafetensorsWriter(IReadOnlyList<PlannedTensor> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        Tensors = [.. tensors];
        CheckNames(Tensors);
        _header = Header(Tensors, metadata ?? PyTorchMetadata);
        ByteLength = Tensors.Aggregate((long)_header.Length, (sum, tensor) => checked(sum + tensor.ByteLength));
    }

    /// <summary>The tensors in the order of their bytes.</summary>
    public IReadOnlyList<PlannedTensor> Tensors { get; }

    /// <summary>Bytes the file will have.</summary>
    public long ByteLength { get; }

    /// <summary>Writes the file to a stream.</summary>
    /// <param name="destination">Receives <see cref="ByteLength"/> bytes.</param>
    /// <param name="writeTensor">Writes the bytes of one tensor, row-major and little-endian; called once per tensor in their order.</param>
    /// <param name="cancellationToken">Looked at between tensors.</param>
    /// <exception cref="InvalidOperationException">The callback wrote more or fewer bytes than the tensor has.</exception>
    /// <exception cref="IOException">The stream fails.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public void Write(Stream destination, Action<PlannedTensor, Stream> writeTensor, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(destination);
        ArgumentNullException.ThrowIfNull(writeTensor);
        destination.Write(_header);
        foreach (PlannedTensor tensor in Tensors)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var bytes = new TensorStream(destination, tensor.Name, tensor.ByteLength, tensor.ToString());
            writeTensor(tensor, bytes);
            bytes.CheckComplete();
        }
    }

    /// <summary>Writes the file so that it appears whole or not at all.</summary>
    /// <param name="path">Target; its folder exists. An existing file is replaced.</param>
    /// <param name="writeTensor">Writes the bytes of one tensor, row-major and little-endian; called once per tensor in their order.</param>
    /// <param name="cancellationToken">Looked at between tensors.</param>
    /// <exception cref="InvalidOperationException">The callback wrote more or fewer bytes than the tensor has.</exception>
    /// <exception cref="IOException">The folder does not exist, the disk is full, or the target cannot be replaced.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder or the target may not be written.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public void Write(string path, Action<PlannedTensor, Stream> writeTensor, CancellationToken cancellationToken = default) =>
        AtomicFile.Write(path, ByteLength, stream => Write(stream, writeTensor, cancellationToken));

    /// <exception cref="ArgumentException">A name comes twice.</exception>
    internal static void CheckNames(IReadOnlyList<PlannedTensor> tensors)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (PlannedTensor tensor in tensors)
        {
            if (!names.Add(tensor.Name))
            {
                throw new ArgumentException($"Tensor name '{MessageText.Shown(tensor.Name)}' comes twice, expected each once.", nameof(tensors));
            }
        }
    }

    private static byte[] Header(IReadOnlyList<PlannedTensor> tensors, IReadOnlyDictionary<string, string> metadata)
    {
        using var buffer = new MemoryStream();
        buffer.Write(new byte[SafetensorsHeader.LengthBytes]);
        using (var json = new Utf8JsonWriter(buffer, HeaderOptions))
        {
            json.WriteStartObject();
            WriteMetadata(json, metadata);
            long offset = 0;
            foreach (PlannedTensor tensor in tensors)
            {
                WriteEntry(json, tensor, offset);
                offset = checked(offset + tensor.ByteLength);
            }

            json.WriteEndObject();
        }

        while (buffer.Length % Alignment != 0)
        {
            buffer.WriteByte((byte)' ');
        }

        byte[] header = buffer.ToArray();
        int jsonBytes = header.Length - SafetensorsHeader.LengthBytes;
        if (jsonBytes > SafetensorsHeader.MaxHeaderBytes)
        {
            string rule = $"expected at most {MessageText.Count(SafetensorsHeader.MaxHeaderBytes)}. Use several files.";
            throw new ArgumentException($"Header has {MessageText.Count(jsonBytes)} bytes, {rule}", nameof(tensors));
        }

        BinaryPrimitives.WriteInt64LittleEndian(header, jsonBytes);
        return header;
    }

    private static void WriteMetadata(Utf8JsonWriter json, IReadOnlyDictionary<string, string> metadata)
    {
        if (metadata.Count == 0)
        {
            return;
        }

        json.WriteStartObject(SafetensorsHeader.MetadataName);
        foreach ((string name, string text) in metadata)
        {
            json.WriteString(name, text);
        }

        json.WriteEndObject();
    }

    private static void WriteEntry(Utf8JsonWriter json, PlannedTensor tensor, long offset)
    {
        json.WriteStartObject(tensor.Name);
        json.WriteString("dtype", tensor.DataType);
        json.WriteStartArray("shape");
        foreach (long dimension in tensor.Shape)
        {
            json.WriteNumberValue(dimension);
        }

        json.WriteEndArray();
        json.WriteStartArray("data_offsets");
        json.WriteNumberValue(offset);
        json.WriteNumberValue(checked(offset + tensor.ByteLength));
        json.WriteEndArray();
        json.WriteEndObject();
    }
}
