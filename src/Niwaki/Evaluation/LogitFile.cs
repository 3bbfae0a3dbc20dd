using System.Globalization;
using Niwaki.Formats;
using Niwaki.Formats.Safetensors;
using Niwaki.Models;
using Niwaki.Tensors;

namespace Niwaki.Evaluation;

/// <summary>Writes the logits of a model on some tokens to a file that other software can compare its own with.</summary>
/// <remarks>
/// A safetensors file with the tensor <c>logits</c>, [tokens, vocabulary] float32, and the token ids as the text of the metadata <c>ids</c>, with
/// blanks between them.
/// </remarks>
public static class LogitFile
{
    private const int TileRows = 16;

    /// <summary>Passes one window through a model and writes its logits, some tokens at a time.</summary>
    /// <param name="path">Target; its folder exists. An existing file is replaced. It appears whole or not at all.</param>
    /// <param name="model">The model.</param>
    /// <param name="window">Token ids.</param>
    /// <param name="cancellationToken">Ends the writing.</param>
    /// <exception cref="IOException">The disk is full, or the target cannot be replaced.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder or the target may not be written.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static void Write(string path, Transformer model, int[] window, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(window);
        int vocabulary = model.Config.VocabularySize;
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["ids"] = string.Join(' ', window.Select(id => id.ToString(CultureInfo.InvariantCulture))),
        };
        using ResidualStream stream = model.Embed([window]);
        model.RunBlocks(stream, 0, model.Config.Blocks.Count);
        using var buffer = new NativeBuffer<float>((long)TileRows * vocabulary);
        new SafetensorsWriter([new PlannedTensor("logits", ElementType.F32, window.Length, vocabulary)], metadata).Write(
            path,
            (_, destination) =>
            {
                foreach (int[] rows in Enumerable.Range(0, window.Length).Chunk(TileRows))
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    var logits = new TensorView<float>(buffer, rows.Length, vocabulary);
                    model.Logits(stream, rows, logits);
                    for (int row = 0; row < rows.Length; row++)
                    {
                        LittleEndian.Write(logits[row], destination);
                    }
                }
            },
            cancellationToken);
    }
}
