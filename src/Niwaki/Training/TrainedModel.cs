using System.Text.Json.Nodes;
using Niwaki.Formats.HuggingFace;
using Niwaki.Formats.Safetensors;
using Niwaki.Kernels;
using Niwaki.Tensors;

namespace Niwaki.Training;

/// <summary>Writes trained weights as a Hugging Face model folder.</summary>
public static class TrainedModel
{
    /// <summary>Writes config, weights and the files of the tokenizer.</summary>
    /// <remarks>BF16 is rounded to nearest, ties to even; a number beyond its range becomes ∞.</remarks>
    /// <param name="folder">Target; made when it does not exist.</param>
    /// <param name="weights">Weights.</param>
    /// <param name="config">config.json of the model; its element type is brought in line.</param>
    /// <param name="tokenizerFolder">Folder whose tokenizer files are copied.</param>
    /// <param name="elementType">F32 or BF16.</param>
    /// <exception cref="ArgumentOutOfRangeException">The element type is neither.</exception>
    /// <exception cref="IOException">The disk is full, or a file cannot be read or replaced.</exception>
    /// <exception cref="UnauthorizedAccessException">A file may not be read or written.</exception>
    public static void Write(string folder, ModelParameters weights, ConfigDocument config, string tokenizerFolder, ElementType elementType = ElementType.BF16)
    {
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentNullException.ThrowIfNull(config);
        if (elementType is not (ElementType.F32 or ElementType.BF16))
        {
            throw new ArgumentOutOfRangeException(nameof(elementType), elementType, $"Element type is {elementType}, expected F32 or BF16.");
        }

        Directory.CreateDirectory(folder);
        ParameterLayout layout = weights.Layout;
        PlannedTensor[] tensors =
        [
            .. layout.Tensors.Select(tensor => tensor.IsMatrix
                ? new PlannedTensor(tensor.Name, elementType, tensor.Rows, tensor.Columns)
                : new PlannedTensor(tensor.Name, elementType, tensor.Columns)),
        ];
        new CheckpointWriter(tensors).Write(folder, (planned, stream) => WriteTensor(weights[layout.Find(planned.Name)!.Value], elementType, stream));
        var changes = new Dictionary<string, JsonNode?>(StringComparer.Ordinal) { ["torch_dtype"] = elementType == ElementType.F32 ? "float32" : "bfloat16" };
        config.With(changes).WithoutRemoteCode().WriteTo(Path.Combine(folder, ModelFolder.ConfigName));
        foreach (string name in SideFiles.In(tokenizerFolder))
        {
            if (Path.GetFullPath(Path.Combine(folder, name)) != Path.GetFullPath(Path.Combine(tokenizerFolder, name)))
            {
                SideFiles.Copy(tokenizerFolder, name, folder);
            }
        }
    }

    private static void WriteTensor(TensorView<float> values, ElementType elementType, Stream stream)
    {
        byte[] bytes = new byte[values.Columns * elementType.SizeInBytes()];
        for (int row = 0; row < values.Rows; row++)
        {
            WeightValues.Narrow(values[row], elementType, bytes);
            stream.Write(bytes);
        }
    }
}
