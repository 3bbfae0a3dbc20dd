using Niwaki.Formats.Safetensors;
using Niwaki.Kernels;
using Niwaki.Tensors;

namespace Niwaki.Healing;

/// <summary>The tensors of all sub-layers that were trained alone, read from their files a tensor at a time.</summary>
internal sealed class ReconstructedTensors : IDisposable
{
    private readonly List<SafetensorsFile> _files = [];
    private readonly Dictionary<string, SafetensorsFile> _byName = new(StringComparer.Ordinal);
    private NativeBuffer<float> _values = new(0);

    public ReconstructedTensors(string folder)
    {
        foreach (string path in Directory.EnumerateFiles(folder, "block-*.safetensors").Order(StringComparer.Ordinal))
        {
            var file = SafetensorsFile.Open(path);
            _files.Add(file);
            foreach (SafetensorsEntry entry in file.Entries)
            {
                _byName[entry.Name] = file;
            }
        }
    }

    /// <summary>Values of a tensor, valid until the next is asked for; null: it was not trained.</summary>
    public TensorView<float>? Find(string name)
    {
        if (!_byName.TryGetValue(name, out SafetensorsFile? file))
        {
            return null;
        }

        IReadOnlyList<long> shape = file.Find(name)!.Shape;
        WeightView stored = file.Matrix(name, (int)shape[0], (int)shape[1]);
        NativeBuffer<float>.Grow(ref _values, stored.Count);
        var view = new TensorView<float>(_values, stored.Rows, stored.Columns);
        for (int row = 0; row < view.Rows; row++)
        {
            WeightValues.Widen(stored, row, view[row]);
        }

        return view;
    }

    public void Dispose()
    {
        _files.ForEach(file => file.Dispose());
        _values.Dispose();
    }
}
