using Niwaki.Kernels.Cpu;
using Niwaki.Tensors;

namespace Niwaki.Kernels;

/// <summary>Output head and cross entropy in one, with gradients: the logits of a few tokens at a time, computed once.</summary>
/// <remarks>
/// loss = log Σ_v e^logit[v] - logit[target], logit = W h; dlogit = factor · (softmax - one-hot). dH = dlogit · W and dW += dlogitᵀ · H follow while the logits of
/// the piece are there. Logits and gradients are float32, the sum of exponentials float64. Memory: the logits of a piece, 16 MiB or those of 96 tokens, whichever
/// is more, and with a reference as many of its logits; kept from call to call. The cut into pieces follows from the vocabulary: same bits for any number of
/// threads. Not thread safe.
/// </remarks>
public sealed unsafe class HeadLossGradient : IDisposable
{
    private const long PieceFloats = 4 << 20;
    private const int FewestRows = 96; // below, packing the head costs as much as the products
    private const int RowsOfTicket = 8;

    private NativeBuffer<float> _logits = new(0);
    private NativeBuffer<float> _referenceLogits = new(0);

    /// <summary>Computes losses and gradients.</summary>
    /// <param name="team">The threads that run it.</param>
    /// <param name="hidden">H, [tokens, hidden], already normalised. Read only.</param>
    /// <param name="head">W, [vocabulary, hidden]. Read only.</param>
    /// <param name="targets">[tokens], the id to score, or -1 for a token that is not scored: loss and gradient 0.</param>
    /// <param name="factor">What the gradient of every loss counts, finite: 1 / scored tokens for the mean.</param>
    /// <param name="lossesNats">[tokens], written.</param>
    /// <param name="hiddenGradient">dH, [tokens, hidden], written; other memory than H and W.</param>
    /// <param name="headGradient">dW, [vocabulary, hidden], added to; other memory than H and W. Null: the head is not trained.</param>
    /// <param name="reference">
    /// Another model, from which the predictions are kept near: the loss of a scored token grows by weight · KL(p‖q), p the softmax of the reference's logits, and
    /// dlogit by factor · weight · (q - p). Null: none.
    /// </param>
    /// <exception cref="ShapeMismatchException">A view or list has another shape than H and W ask for.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A target is below -1 or no row of the head, or the factor is not finite. Nothing was written.</exception>
    /// <exception cref="ArgumentException">A gradient overlaps an input. Nothing was written.</exception>
    /// <exception cref="ObjectDisposedException">The object was disposed of.</exception>
    public void Compute(
        ThreadTeam team,
        TensorView<float> hidden,
        TensorView<float> head,
        ReadOnlySpan<int> targets,
        float factor,
        Span<float> lossesNats,
        TensorView<float> hiddenGradient,
        TensorView<float>? headGradient,
        HeadReference? reference = null)
    {
        ThrowIfInvalid(team, hidden, head, targets, factor, lossesNats);
        ThrowIfNotShape(hiddenGradient, hidden.Rows, head.Columns, nameof(hiddenGradient));
        MemoryOverlap.ThrowIfShared(hidden, hiddenGradient, nameof(hiddenGradient));
        MemoryOverlap.ThrowIfShared(head, hiddenGradient, nameof(hiddenGradient));
        if (headGradient is { } dw)
        {
            ThrowIfNotShape(dw, head.Rows, head.Columns, nameof(headGradient));
            MemoryOverlap.ThrowIfShared(hidden, dw, nameof(headGradient));
            MemoryOverlap.ThrowIfShared(head, dw, nameof(headGradient));
        }

        if (reference is not null && reference.DivergencesNats.Length != hidden.Rows)
        {
            throw new ShapeMismatchException(nameof(reference), $"[{reference.DivergencesNats.Length}]", $"[{hidden.Rows}]");
        }

        Run(team, hidden, head, targets, factor, lossesNats, hiddenGradient, headGradient, reference);
    }

    /// <summary>Computes losses alone.</summary>
    /// <param name="team">The threads that run it.</param>
    /// <param name="hidden">H, [tokens, hidden], already normalised. Read only.</param>
    /// <param name="head">W, [vocabulary, hidden]. Read only.</param>
    /// <param name="targets">[tokens], the id to score, or -1 for a token that is not scored.</param>
    /// <param name="lossesNats">[tokens], written; 0 where the target is -1.</param>
    /// <exception cref="ShapeMismatchException">A view or list has another shape than H and W ask for.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A target is below -1 or no row of the head.</exception>
    /// <exception cref="ObjectDisposedException">The object was disposed of.</exception>
    public void Losses(ThreadTeam team, TensorView<float> hidden, TensorView<float> head, ReadOnlySpan<int> targets, Span<float> lossesNats)
    {
        ThrowIfInvalid(team, hidden, head, targets, 0, lossesNats);
        Run(team, hidden, head, targets, 0, lossesNats, null, null, null);
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _logits.Dispose();
        _referenceLogits.Dispose();
    }

    private void Run(
        ThreadTeam team,
        TensorView<float> hidden,
        TensorView<float> head,
        ReadOnlySpan<int> targets,
        float factor,
        Span<float> lossesNats,
        TensorView<float>? hiddenGradient,
        TensorView<float>? headGradient,
        HeadReference? reference)
    {
        // The sum of exponentials reads whole registers.
        long stride = (head.Rows + 15L) / 16 * 16;
        int rows = Math.Min((int)Math.Clamp(PieceFloats / stride, FewestRows, int.MaxValue), hidden.Rows);
        NativeBuffer<float>.Grow(ref _logits, rows * stride);
        NativeBuffer<float>.Grow(ref _referenceLogits, reference is null ? 0 : rows * stride);
        fixed (int* target = targets)
        {
            fixed (float* losses = lossesNats, divergences = reference?.DivergencesNats)
            {
                for (int first = 0; first < hidden.Rows; first += rows)
                {
                    int count = Math.Min(rows, hidden.Rows - first);
                    var logits = new TensorView<float>(_logits.Pointer, count, head.Rows, stride);
                    TensorView<float> h = hidden.SliceRows(first, count);
                    MatMul.Apply(team, h, head, logits);
                    var losing = new CrossEntropyKernel(logits, (nint)(target + first), (nint)(losses + first), factor);
                    if (reference is null)
                    {
                        team.For(count, RowsOfTicket, losing);
                    }
                    else
                    {
                        var expected = new TensorView<float>(_referenceLogits.Pointer, count, head.Rows, stride);
                        reference.Logits(first, expected);
                        team.For(count, RowsOfTicket, new DivergenceKernel(losing, expected, (nint)(divergences + first), reference.Weight));
                    }

                    if (hiddenGradient is { } dh)
                    {
                        MatMul.InputGradient(team, logits, head, dh.SliceRows(first, count));
                    }

                    if (headGradient is { } dw)
                    {
                        MatMul.WeightGradient(team, logits, h, dw);
                    }
                }
            }
        }
    }

    private void ThrowIfInvalid(
        ThreadTeam team, TensorView<float> hidden, TensorView<float> head, ReadOnlySpan<int> targets, float factor, ReadOnlySpan<float> lossesNats)
    {
        ArgumentNullException.ThrowIfNull(team);
        ObjectDisposedException.ThrowIf(_logits.Pointer is null, this);
        ThrowIfNotShape(hidden, hidden.Rows, head.Columns, nameof(hidden));
        if (targets.Length != hidden.Rows || lossesNats.Length != hidden.Rows)
        {
            throw new ShapeMismatchException(nameof(targets), $"[{targets.Length}] with losses [{lossesNats.Length}]", $"[{hidden.Rows}]");
        }

        if (!float.IsFinite(factor))
        {
            throw new ArgumentOutOfRangeException(nameof(factor), factor, $"Factor of the gradient is {factor}, expected a finite number.");
        }

        for (int token = 0; token < targets.Length; token++)
        {
            if (targets[token] < -1 || targets[token] >= head.Rows)
            {
                throw new ArgumentOutOfRangeException(
                    nameof(targets), targets[token], $"Target of token {token} is {targets[token]}, expected 0 to {head.Rows - 1}, or -1 for none.");
            }
        }
    }

    private static void ThrowIfNotShape(TensorView<float> view, int rows, int columns, string name)
    {
        if (view.Rows != rows || view.Columns != columns)
        {
            throw new ShapeMismatchException(name, view.ToString(), $"[{rows}, {columns}]");
        }
    }
}
