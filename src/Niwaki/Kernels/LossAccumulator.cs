using Niwaki.Kernels.Cpu;
using Niwaki.Tensors;

namespace Niwaki.Kernels;

/// <summary>Output head and cross entropy in one: the loss of each token without the matrix of tokens × vocabulary.</summary>
/// <remarks>
/// loss = log Σ_v e^logit[v] - logit[target], logit = W h. Logits are float32, with the bits of <see cref="MatMul"/>; their exponentials are taken
/// chunk by chunk relative to the chunk's largest and summed in float64. A token's loss does not depend on the other tokens, the number of
/// threads, or, within float64 rounding, the cut of the head into pieces at multiples of 512 rows. NaN or ∞ among the logits makes the loss NaN or ∞.
/// Use: one <see cref="Accumulate"/> for each piece of the head in ascending order, then <see cref="Finish(Span{float})"/>, which also readies it for the
/// next tokens. Memory: 192 KiB a thread and 12 bytes a token and 512 rows of the piece. Not thread safe.
/// </remarks>
public sealed unsafe class LossAccumulator : IDisposable
{
    /// <summary>More tokens than this are scored in several passes over the head, which bounds the memory of the partial sums.</summary>
    private const int TokensPerPass = 4096;

    private const int MergedAtATime = 32; // some 10 µs for a vocabulary of 32,000

    private readonly NativeBuffer<double> _largest;
    private readonly NativeBuffer<double> _sums;
    private readonly NativeBuffer<float> _targetLogits;
    private readonly NativeBuffer<int> _targets;
    private readonly bool[] _found;
    private readonly LossReduction _reduction = new();
    private int _endVocabularyId;
    private bool _started;

    /// <summary>Takes memory for the results.</summary>
    /// <param name="tokens">Tokens scored at a time, 0 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number is negative.</exception>
    public LossAccumulator(int tokens)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(tokens);
        Tokens = tokens;
        _largest = new NativeBuffer<double>(tokens);
        _sums = new NativeBuffer<double>(tokens);
        _targetLogits = new NativeBuffer<float>(tokens);
        _targets = new NativeBuffer<int>(tokens);
        _found = new bool[tokens];
    }

    /// <summary>Tokens scored at a time.</summary>
    public int Tokens { get; }

    /// <summary>Adds the logits of one piece of the vocabulary.</summary>
    /// <param name="team">The threads that run it.</param>
    /// <param name="hidden">H, [tokens, hidden], float32, already normalised. Read only.</param>
    /// <param name="headPiece">W, [vocabulary rows of the piece, hidden], packed.</param>
    /// <param name="firstVocabularyId">Id of the first row of the piece; not below the end of the piece before.</param>
    /// <param name="targets">[tokens], the id to score, or -1 for a token that is not scored; the same for all pieces.</param>
    /// <exception cref="ShapeMismatchException">H has other rows than tokens or other columns than the head, or there is not one target for each
    /// token.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A target is below -1, or the piece begins before the end of the last one or ends beyond
    /// 2^31 - 1.</exception>
    /// <exception cref="ArgumentException">The targets differ from those of the first piece.</exception>
    /// <exception cref="OutOfMemoryException">The system refuses the memory; all tokens are forgotten.</exception>
    /// <exception cref="ObjectDisposedException">The accumulator, the head or the team was disposed of.</exception>
    public void Accumulate(ThreadTeam team, TensorView<float> hidden, PackedWeights headPiece, int firstVocabularyId, ReadOnlySpan<int> targets)
    {
        ArgumentNullException.ThrowIfNull(team);
        ArgumentNullException.ThrowIfNull(headPiece);
        ObjectDisposedException.ThrowIf(_targets.Pointer is null, this);
        headPiece.ThrowIfDisposed();
        ThrowIfMismatch(hidden, headPiece, firstVocabularyId, targets);
        if (!_started)
        {
            Start(targets);
        }

        _endVocabularyId = firstVocabularyId + headPiece.Outputs;
        if (headPiece.Outputs == 0)
        {
            return;
        }

        try
        {
            int rowsPerPass = Math.Min(TokensPerPass - (TokensPerPass % MicroKernel.MaximumRows), MatMul.RowsPerPass(headPiece));
            for (int first = 0; first < Tokens; first += Math.Min(rowsPerPass, Tokens - first))
            {
                Pass(team, hidden.SliceRows(first, Math.Min(rowsPerPass, Tokens - first)), headPiece, firstVocabularyId, first);
            }
        }
        catch
        {
            Forget(); // some tokens hold the piece and others do not
            throw;
        }
    }

    /// <summary>Writes the losses and forgets the tokens.</summary>
    /// <param name="lossesNats">[tokens], -log of the softmax at the target in nats; 0 where the target is -1.</param>
    /// <exception cref="ShapeMismatchException">There is not one element for each token.</exception>
    /// <exception cref="InvalidOperationException">No piece was accumulated, or a target lies in none of the pieces: nothing is written, and the tokens are
    /// forgotten all the same.</exception>
    /// <exception cref="ObjectDisposedException">The accumulator was disposed of.</exception>
    public void Finish(Span<float> lossesNats) => Finish(lossesNats, []);

    /// <summary>Writes the losses and whether each target has the largest logit, and forgets the tokens.</summary>
    /// <param name="lossesNats">[tokens], as above.</param>
    /// <param name="isLikeliest">[tokens], whether no logit is larger than that of the target; true where the target is -1. Empty: not wanted.</param>
    /// <exception cref="ShapeMismatchException">There is not one element for each token.</exception>
    /// <exception cref="InvalidOperationException">No piece was accumulated, or a target lies in none of the pieces: nothing is written, and the tokens are
    /// forgotten all the same.</exception>
    /// <exception cref="ObjectDisposedException">The accumulator was disposed of.</exception>
    public void Finish(Span<float> lossesNats, Span<bool> isLikeliest)
    {
        ObjectDisposedException.ThrowIf(_targets.Pointer is null, this);
        ThrowIfNotTokens(lossesNats.Length, nameof(lossesNats));
        if (!isLikeliest.IsEmpty)
        {
            ThrowIfNotTokens(isLikeliest.Length, nameof(isLikeliest));
        }

        if (!_started && Tokens > 0)
        {
            throw new InvalidOperationException("Loss: no piece of the head was accumulated, expected at least one before the losses are read.");
        }

        try
        {
            ThrowIfNotFound();
            Write(lossesNats, isLikeliest);
        }
        finally
        {
            Forget();
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _largest.Dispose();
        _sums.Dispose();
        _targetLogits.Dispose();
        _targets.Dispose();
        _reduction.Dispose();
    }

    private void Start(ReadOnlySpan<int> targets)
    {
        targets.CopyTo(_targets.Span);
        _largest.Span.Fill(float.MinValue);
        _sums.Span.Clear();
        _targetLogits.Span.Clear();
        Array.Clear(_found);
        _started = true;
    }

    private void Forget() => (_started, _endVocabularyId) = (false, 0);

    private void Pass(ThreadTeam team, TensorView<float> hidden, PackedWeights headPiece, int firstVocabularyId, int firstToken)
    {
        int* targets = _targets.Pointer + firstToken;
        _reduction.Begin(team.Size, hidden.Rows, headPiece.Outputs, firstVocabularyId, targets, _targetLogits.Pointer + firstToken);
        var shape = new TensorView<float>(null, hidden.Rows, headPiece.Outputs, headPiece.Outputs); // never read or written
        team.Run(headPiece.Format == PackedFormat.Int16
            ? new Int16Product(team, hidden, headPiece, shape, null, accumulate: false, _reduction)
            : new FloatProduct(team, hidden, headPiece, shape, null, accumulate: false, _reduction));
        team.For(hidden.Rows, MergedAtATime, row =>
        {
            if (targets[row] >= 0)
            {
                int token = firstToken + row;
                _reduction.Merge(row, ref _largest.Pointer[token], ref _sums.Pointer[token]);
                _found[token] |= (uint)(targets[row] - firstVocabularyId) < (uint)headPiece.Outputs;
            }
        });
    }

    private void Write(Span<float> lossesNats, Span<bool> isLikeliest)
    {
        for (int token = 0; token < Tokens; token++)
        {
            int target = _targets.Pointer[token];
            double loss = _largest.Pointer[token] - _targetLogits.Pointer[token] + Math.Log(_sums.Pointer[token]);
            lossesNats[token] = target < 0 ? 0 : (float)loss;
            if (!isLikeliest.IsEmpty)
            {
                isLikeliest[token] = target < 0 || _targetLogits.Pointer[token] >= _largest.Pointer[token];
            }
        }
    }

    private void ThrowIfNotFound()
    {
        for (int token = 0; token < Tokens; token++)
        {
            int target = _targets.Pointer[token];
            if (target >= 0 && !_found[token])
            {
                throw new InvalidOperationException(
                    $"Target of token {token} is {target}, expected an id in one of the pieces of the head, the last of which ended at {_endVocabularyId}.");
            }
        }
    }

    private void ThrowIfMismatch(TensorView<float> hidden, PackedWeights headPiece, int firstVocabularyId, ReadOnlySpan<int> targets)
    {
        if (hidden.Rows != Tokens || hidden.Columns != headPiece.Inputs)
        {
            throw new ShapeMismatchException(nameof(hidden), hidden.ToString(), $"[{Tokens}, {headPiece.Inputs}]");
        }

        ThrowIfNotTokens(targets.Length, nameof(targets));
        if (firstVocabularyId < _endVocabularyId || firstVocabularyId > int.MaxValue - headPiece.Outputs)
        {
            throw new ArgumentOutOfRangeException(
                nameof(firstVocabularyId),
                firstVocabularyId,
                $"First id of the head's piece of {headPiece.Outputs} is {firstVocabularyId}, expected {_endVocabularyId} or more. Give the pieces in order.");
        }

        for (int token = 0; token < targets.Length; token++)
        {
            if (targets[token] < -1)
            {
                throw new ArgumentOutOfRangeException(
                    nameof(targets), targets[token], $"Target of token {token} is {targets[token]}, expected an id, or -1 for none.");
            }
        }

        if (_started && !targets.SequenceEqual(_targets.Span))
        {
            throw new ArgumentException("Targets differ from those of the first piece of the head, expected the same until the losses are read.", nameof(targets));
        }
    }

    private void ThrowIfNotTokens(int length, string name)
    {
        if (length != Tokens)
        {
            throw new ShapeMismatchException(name, $"[{length}]", $"[{Tokens}]");
        }
    }
}
