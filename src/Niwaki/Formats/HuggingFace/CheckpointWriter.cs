using System.Globalization;
using System.Text.Json;
using Niwaki.Formats.Safetensors;

namespace Niwaki.Formats.HuggingFace;

/// <summary>Writes the weights of a Hugging Face model folder, a tensor at a time: model.safetensors, or shards with an index.</summary>
/// <remarks>
/// Everything is written and flushed under temporary names first. Only then do the files get their names, and weight files of an earlier
/// checkpoint in the folder that do not belong to the new one are removed, in an order in which a reader finds the old weights, none, or
/// the new ones, never a mixture. A failure while writing leaves the folder as it was.
/// </remarks>
public sealed class CheckpointWriter
{
    /// <summary>Bytes of tensors in one shard, as transformers splits by default: 5 GB.</summary>
    public const long DefaultMaxShardBytes = 5_000_000_000;

    private readonly List<(string Name, SafetensorsWriter Writer)> _shards;
    private readonly byte[]? _index;

    /// <summary>Plans the files.</summary>
    /// <param name="tensors">The tensors in the order they will be written; names are unique.</param>
    /// <param name="maxShardBytes">Bytes of tensors in one file, 1 or more. A tensor larger than that gets a file of its own.</param>
    /// <exception cref="ArgumentException">A name comes twice, or a header would be longer than the format allows.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The shard size is below 1.</exception>
    public CheckpointWriter(IReadOnlyList<PlannedTensor> tensors, long maxShardBytes = DefaultMaxShardBytes)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxShardBytes, 1);
        SafetensorsWriter.CheckNames(tensors);
        List<List<PlannedTensor>> groups = Split(tensors, maxShardBytes);
        _shards = [.. groups.Select((group, i) => (ShardName(i, groups.Count), new SafetensorsWriter(group)))];
        _index = _shards.Count == 1 ? null : Index(_shards);
        var files = _shards.Select(shard => new WeightFile(shard.Name, shard.Writer.ByteLength)).ToList();
        if (_index is not null)
        {
            files.Add(new WeightFile(ModelFolder.IndexName, _index.Length));
        }

        Files = files;
    }

    /// <summary>The files that will be written, with their exact sizes.</summary>
    public IReadOnlyList<WeightFile> Files { get; }

    /// <summary>Bytes of all files.</summary>
    public long ByteLength => Files.Sum(file => file.ByteLength);

    /// <summary>Writes the files.</summary>
    /// <param name="folder">Target; made when it does not exist.</param>
    /// <param name="writeTensor">
    /// Writes the bytes of one tensor, row-major and little-endian; called once per tensor in their order. May read from a checkpoint in
    /// the same folder.
    /// </param>
    /// <param name="cancellationToken">Looked at between tensors.</param>
    /// <exception cref="InvalidOperationException">The callback wrote more or fewer bytes than a tensor has.</exception>
    /// <exception cref="IOException">The disk is full, or a file cannot be replaced.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder may not be written.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public void Write(string folder, Action<PlannedTensor, Stream> writeTensor, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentNullException.ThrowIfNull(writeTensor);
        Directory.CreateDirectory(folder);
        var written = new List<(string Temporary, string Target)>();
        try
        {
            foreach ((string name, SafetensorsWriter writer) in _shards)
            {
                WriteTemporary(name, writer.ByteLength, stream => writer.Write(stream, writeTensor, cancellationToken));
            }

            if (_index is not null)
            {
                WriteTemporary(ModelFolder.IndexName, _index.Length, stream => stream.Write(_index));
            }

            Publish(folder, written);
        }
        catch
        {
            written.ForEach(file => AtomicFile.DeleteQuietly(file.Temporary));
            throw;
        }

        void WriteTemporary(string name, long byteLength, Action<Stream> write)
        {
            string target = Path.Combine(folder, name);
            written.Add((AtomicFile.WriteTemporary(target, byteLength, write), target));
        }
    }

    /// <summary>Gives the files their names; the one that readers look for first comes last, and never while shards are being exchanged.</summary>
    private void Publish(string folder, List<(string Temporary, string Target)> written)
    {
        if (_index is not null)
        {
            File.Delete(Path.Combine(folder, ModelFolder.WeightsName));
            File.Delete(Path.Combine(folder, ModelFolder.IndexName));
        }

        foreach ((string temporary, string target) in written)
        {
            File.Move(temporary, target, overwrite: true);
        }

        string[] leftovers = [.. Directory.EnumerateFiles(folder, "model*").Where(path => IsLeftover(Path.GetFileName(path)))];
        Array.ForEach(leftovers, File.Delete);
    }

    /// <summary>Whether a file is the index or a shard of another checkpoint: model-00001-of-00003.safetensors.</summary>
    private bool IsLeftover(string name)
    {
        const string Pattern = "model-#####-of-#####.safetensors";
        bool isShard = name.Length == Pattern.Length
            && name.Zip(Pattern).All(pair => pair.Second == '#' ? char.IsAsciiDigit(pair.First) : pair.First == pair.Second);
        return (isShard || name == ModelFolder.IndexName) && !Files.Any(file => file.Name == name);
    }

    private static List<List<PlannedTensor>> Split(IReadOnlyList<PlannedTensor> tensors, long maxShardBytes)
    {
        var groups = new List<List<PlannedTensor>> { new() };
        long used = 0;
        foreach (PlannedTensor tensor in tensors)
        {
            if (groups[^1].Count > 0 && tensor.ByteLength > maxShardBytes - used)
            {
                groups.Add([]);
                used = 0;
            }

            groups[^1].Add(tensor);
            used = checked(used + tensor.ByteLength);
        }

        return groups;
    }

    private static string ShardName(int index, int count) => count == 1
        ? ModelFolder.WeightsName
        : string.Create(CultureInfo.InvariantCulture, $"model-{index + 1:D5}-of-{count:D5}.safetensors");

    private static byte[] Index(List<(string Name, SafetensorsWriter Writer)> shards)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, ConfigDocument.WriterOptions))
        {
            json.WriteStartObject();
            json.WriteStartObject("metadata");
            json.WriteNumber("total_size", shards.Sum(shard => shard.Writer.Tensors.Sum(tensor => tensor.ByteLength)));
            json.WriteEndObject();
            json.WriteStartObject("weight_map");
            var places = shards.SelectMany(shard => shard.Writer.Tensors.Select(tensor => (tensor.Name, File: shard.Name)));
            foreach ((string name, string file) in places.OrderBy(place => place.Name, StringComparer.Ordinal))
            {
                json.WriteString(name, file);
            }

            json.WriteEndObject();
            json.WriteEndObject();
        }

        buffer.WriteByte((byte)'\n');
        return buffer.ToArray();
    }
}
