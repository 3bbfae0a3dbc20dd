using Niwaki.Numerics;

namespace Niwaki.Training;

/// <summary>Examples of prompts with answers, in an order that follows from the seed: every epoch sees each once, shuffled anew.</summary>
public sealed class InstructionExamples : ITrainingExamples
{
    private readonly TrainingExample[] _examples;
    private readonly long _seed;
    private readonly int[] _order;
    private long _epoch = -1;

    /// <summary>Takes examples.</summary>
    /// <param name="examples">At least one example with a token to predict; kept.</param>
    /// <param name="seed">Decides the order.</param>
    /// <exception cref="ArgumentException">There is no example.</exception>
    public InstructionExamples(TrainingExample[] examples, long seed)
    {
        ArgumentNullException.ThrowIfNull(examples);
        if (examples.Length == 0)
        {
            throw new ArgumentException($"Number of examples is {examples.Length}, expected at least 1.", nameof(examples));
        }

        _examples = examples;
        _seed = seed;
        _order = new int[examples.Length];
        Fingerprint = TextFingerprint.Of([.. examples.SelectMany(example => example.Ids.Append(-example.FirstScored))]);
    }

    /// <inheritdoc />
    public int PerEpoch => _examples.Length;

    /// <inheritdoc />
    public string Fingerprint { get; }

    /// <inheritdoc />
    public TrainingExample this[long index]
    {
        get
        {
            long epoch = index / PerEpoch;
            if (epoch != _epoch)
            {
                for (int i = 0; i < _order.Length; i++)
                {
                    _order[i] = i;
                }

                new SeededRandom(_seed, epoch).Shuffle(_order.AsSpan());
                _epoch = epoch;
            }

            return _examples[_order[(int)(index % PerEpoch)]];
        }
    }
}
