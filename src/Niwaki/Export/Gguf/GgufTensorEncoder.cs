using Niwaki.Formats;
using Niwaki.Formats.Gguf;
using Niwaki.Formats.Gguf.Codecs;
using Niwaki.Formats.HuggingFace;
using Niwaki.Formats.Safetensors;
using Niwaki.Kernels;
using Niwaki.Tensors;

namespace Niwaki.Export.Gguf;

/// <summary>Writes tensors of a checkpoint in the encodings of a GGUF file, a row at a time.</summary>
internal static unsafe class GgufTensorEncoder
{
    /// <param name="source">The model.</param>
    /// <param name="job">The tensor.</param>
    /// <param name="destination">Receives its bytes.</param>
    /// <param name="cancellationToken">Looked at between rows.</param>
    /// <exception cref="UnsupportedModelException">A number cannot be encoded because it is not finite or too large.</exception>
    public static void Write(Checkpoint source, GgufTensorJob job, Stream destination, CancellationToken cancellationToken)
    {
        byte[] encoded = new byte[job.Target.Type.RowBytes(job.Target.Shape[^1])];
        if (job.Values is { } values)
        {
            BlockCodec.Encode(job.Target.Type, values, encoded);
            destination.Write(encoded);
            return;
        }

        foreach (GgufTensorPart part in job.Parts)
        {
            try
            {
                WritePart(source, part, job.Target.Type, encoded, destination, cancellationToken);
            }
            catch (ArgumentException exception)
            {
                throw new UnsupportedModelException(
                    source.Folder, $"tensor '{MessageText.Shown(part.Source ?? job.Target.Name)}'", $"cannot be stored as {job.Target.Type} ({exception.Message})", "finite numbers that fit");
            }
        }
    }

    private static void WritePart(
        Checkpoint source, GgufTensorPart part, GgufTensorType type, byte[] encoded, Stream destination, CancellationToken cancellationToken)
    {
        if (part.Source is null)
        {
            // Norms of a made-up sub-layer are zero too: what passes through it is multiplied by zero in any case.
            Array.Clear(encoded);
            for (int row = 0; row < part.Rows; row++)
            {
                destination.Write(encoded);
            }

            return;
        }

        using BorrowedWeights weights = part.IsVector ? source.Borrow(part.Source, part.Columns) : source.BorrowStored(part.Source, part.Rows, part.Columns, 0, part.Rows);
        WeightView view = weights.View;
        float[] numbers = new float[part.Columns];
        float[] ordered = new float[part.Columns];
        for (int row = 0; row < part.Rows; row++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int from = part.IsVector ? row : part.SourceOf(row);
            if (!part.IsVector && view.ElementType.ToTensorType() == type)
            {
                destination.Write(new ReadOnlySpan<byte>(view.RowPointer(from), encoded.Length)); // bit for bit, a NaN too
                continue;
            }

            WeightValues.Widen(view, from, numbers);
            if (part.IsVector)
            {
                for (int i = 0; i < ordered.Length; i++)
                {
                    ordered[i] = numbers[part.SourceOf(i)];
                }
            }

            BlockCodec.Encode(type, part.IsVector ? ordered : numbers, encoded);
            destination.Write(encoded);
        }
    }
}
