using System.Text.Json;
using Niwaki.Formats.Safetensors;
using Niwaki.Tensors;

namespace Niwaki.Formats.HuggingFace;

/// <summary>The weight files of a model folder: model.safetensors, or the shards that model.safetensors.index.json lists.</summary>
internal sealed class CheckpointWeights : IWeightSource
{
    /// <summary>More shards than any model has: the largest have a few hundred.</summary>
    private const int MaxShards = 10_000;

    private readonly List<SafetensorsFile> _files = [];
    private readonly Dictionary<string, SafetensorsFile> _fileOfTensor = new(StringComparer.Ordinal);

    private CheckpointWeights(string listPath) => ListPath = listPath;

    /// <summary>The file that says which tensors there are: model.safetensors or the index.</summary>
    public string ListPath { get; }

    /// <summary>All tensors, shard by shard in the order of their file names, inside a shard in the order of the bytes.</summary>
    public IReadOnlyList<SafetensorsEntry> Entries { get; private set; } = [];

    /// <summary>Bytes of all weight files.</summary>
    public long FileBytes => _files.Sum(file => file.ByteLength);

    /// <summary>Opens the weights of a folder; model.safetensors wins over an index, as in transformers.</summary>
    public static CheckpointWeights Open(string folder)
    {
        string single = Path.Combine(folder, ModelFolder.WeightsName);
        string index = Path.Combine(folder, ModelFolder.IndexName);
        bool isSingle = File.Exists(single);
        if (!isSingle && !File.Exists(index))
        {
            throw ModelFolder.NoWeights(folder);
        }

        var weights = new CheckpointWeights(isSingle ? single : index);
        try
        {
            if (isSingle)
            {
                weights.Add(single);
            }
            else
            {
                weights.AddShards(folder);
            }

            weights.Entries = [.. weights._files.SelectMany(file => file.Entries)];
            return weights;
        }
        catch
        {
            weights.Dispose();
            throw;
        }
    }

    /// <inheritdoc />
    public SafetensorsEntry? Find(string name) => FileOf(name)?.Find(name);

    /// <inheritdoc />
    public SafetensorsEntry Require(string name, params ReadOnlySpan<long> shape) => FileOf(name, MessageText.Shape(shape.ToArray())).Require(name, shape);

    /// <inheritdoc />
    public BorrowedWeights Borrow(SafetensorsEntry entry, int firstRow, int rows) => new(FileOf(entry.Name)!.View(entry, firstRow, rows));

    /// <inheritdoc />
    public ElementType StoredType(SafetensorsEntry entry) => entry.ElementType!.Value;

    /// <inheritdoc />
    public BorrowedWeights BorrowStored(SafetensorsEntry entry, int firstRow, int rows) => Borrow(entry, firstRow, rows);

    /// <inheritdoc />
    public void CopyTensor(string name, Stream destination, CancellationToken cancellationToken) =>
        FileOf(name, "a tensor of that name").CopyTensor(name, destination, cancellationToken);

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (SafetensorsFile file in _files)
        {
            file.Dispose();
        }
    }

    /// <summary>The file that holds a tensor, or null.</summary>
    private SafetensorsFile? FileOf(string name) => _fileOfTensor.GetValueOrDefault(name);

    /// <summary>The file that holds a tensor; an error that says what was expected where there is none.</summary>
    private SafetensorsFile FileOf(string name, string expected) => FileOf(name) ?? throw SafetensorsFile.Missing(ListPath, name, expected);

    private SafetensorsFile Add(string path)
    {
        SafetensorsFile file = SafetensorsFile.Open(path);
        _files.Add(file);
        foreach (SafetensorsEntry entry in file.Entries)
        {
            if (!_fileOfTensor.TryAdd(entry.Name, file))
            {
                string other = Path.GetFileName(_fileOfTensor[entry.Name].FilePath);
                string found = $"is also in '{MessageText.Shown(other)}'";
                throw new ModelFormatException(path, Item(entry.Name), found, "each tensor in one shard");
            }
        }

        return file;
    }

    private void AddShards(string folder)
    {
        Dictionary<string, string> shardOfTensor = ReadIndex(StrictJson.ReadFile(ListPath));
        foreach (string shard in shardOfTensor.Values.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            string path = Path.Combine(folder, shard);
            if (!File.Exists(path))
            {
                string item = $"shard '{MessageText.Shown(shard)}'";
                throw new ModelFormatException(ListPath, item, "is not in the folder", "every listed file", nextStep: "Fetch the missing file.");
            }

            Add(path);
        }

        CheckAgainstIndex(shardOfTensor);
    }

    /// <summary>Both directions: what the index lists is in its shard, and what a shard holds is listed.</summary>
    private void CheckAgainstIndex(Dictionary<string, string> shardOfTensor)
    {
        foreach ((string tensor, string shard) in shardOfTensor)
        {
            string? holder = FileOf(tensor) is { } file ? Path.GetFileName(file.FilePath) : null;
            if (holder != shard)
            {
                string found = holder is null ? $"is not in '{MessageText.Shown(shard)}'" : $"is in '{MessageText.Shown(holder)}'";
                throw new ModelFormatException(ListPath, Item(tensor), found, $"in '{MessageText.Shown(shard)}' as 'weight_map' says");
            }
        }

        foreach ((string tensor, SafetensorsFile file) in _fileOfTensor)
        {
            if (!shardOfTensor.ContainsKey(tensor))
            {
                string found = $"is not in 'weight_map' of {ModelFolder.IndexName}";
                throw new ModelFormatException(file.FilePath, Item(tensor), found, "every tensor listed there");
            }
        }
    }

    private Dictionary<string, string> ReadIndex(JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object
            || !root.TryGetProperty("weight_map", out JsonElement map)
            || map.ValueKind != JsonValueKind.Object)
        {
            throw new ModelFormatException(ListPath, "'weight_map'", "is missing or no object", "an object from tensor names to file names");
        }

        var shardOfTensor = new Dictionary<string, string>(StringComparer.Ordinal);
        var shards = new HashSet<string>(StringComparer.Ordinal);
        foreach (JsonProperty field in map.EnumerateObject())
        {
            string? shard = field.Value.ValueKind == JsonValueKind.String ? field.Value.GetString() : null;
            if (shard is null || !IsPlainFileName(shard))
            {
                string found = $"is in {MessageText.Shown(field.Value)}";
                throw new ModelFormatException(ListPath, Item(field.Name), found, "a plain file name that ends in .safetensors");
            }

            shardOfTensor.Add(field.Name, shard);
            shards.Add(shard);
        }

        return shards.Count is > 0 and <= MaxShards
            ? shardOfTensor
            : throw new ModelFormatException(ListPath, "'weight_map'", $"lists {shards.Count} files", $"1 to {MessageText.Count(MaxShards)}");
    }

    /// <summary>A name inside the folder on every platform: no separators, drives, control characters or parent folders.</summary>
    private static bool IsPlainFileName(string name) =>
        name.EndsWith(".safetensors", StringComparison.Ordinal)
        && !name.StartsWith('.')
        && !name.Any(c => c is '/' or '\\' or ':' || char.IsControl(c));

    private static string Item(string tensor) => $"tensor '{MessageText.Shown(tensor)}'";
}
