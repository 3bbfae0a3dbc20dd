using System.Text.Json.Nodes;
using Niwaki.Datasets;
using Niwaki.Numerics;

namespace Niwaki.Evaluation.Tasks;

/// <summary>Draws the examples that stand in front of documents, as lm-evaluation-harness does.</summary>
/// <remarks>
/// One sequence of CPython's random numbers for a task, and one draw for every document in their order: the examples of a document depend on how many documents
/// stand in front of it, not on how many follow.
/// </remarks>
public sealed class FewShotSampler
{
    /// <summary>Seed of the harness.</summary>
    public const long DefaultSeed = 1234;

    private readonly TaskDefinition _task;
    private readonly IReadOnlyList<TaskItem> _pool;
    private readonly int _shots;
    private readonly MersenneTwister _random;

    /// <summary>Makes a sampler.</summary>
    /// <param name="task">The task.</param>
    /// <param name="pool">Documents that examples are taken from; none needed for no shots.</param>
    /// <param name="shots">Examples in front of a document, 0 or more.</param>
    /// <param name="seed">Seed.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number is negative.</exception>
    /// <exception cref="DatasetException">There are too few documents.</exception>
    public FewShotSampler(TaskDefinition task, IReadOnlyList<TaskItem> pool, int shots, long seed = DefaultSeed)
    {
        ArgumentNullException.ThrowIfNull(task);
        ArgumentNullException.ThrowIfNull(pool);
        ArgumentOutOfRangeException.ThrowIfNegative(shots);
        _task = task;
        _pool = pool;
        _shots = shots;
        _random = new MersenneTwister(seed);
        if (shots > 0 && pool.Count < Drawn)
        {
            throw new DatasetException(
                $"Split '{task.ExampleSplit}' of task '{task.Name}'",
                FormattableString.Invariant($"has {pool.Count:N0} documents"),
                FormattableString.Invariant($"at least {Drawn:N0} for {shots} examples"),
                "Ask for fewer examples.");
        }
    }

    private int Drawn => _task is { TakesFirstExamples: false, DrawsOneMore: true } ? _shots + 1 : _shots;

    /// <summary>The examples of the next document.</summary>
    /// <param name="item">The document.</param>
    public IReadOnlyList<TaskExample> Next(TaskItem item)
    {
        ArgumentNullException.ThrowIfNull(item);
        if (_shots == 0)
        {
            return [];
        }

        IEnumerable<TaskItem> examples = _task.TakesFirstExamples ? _pool.Take(_shots) : _random.Sample(_pool.Count, Drawn).Select(place => _pool[place]);
        if (_task is { TakesFirstExamples: false, DrawsOneMore: true })
        {
            examples = examples.Where(example => !JsonNode.DeepEquals(example.Document.Fields, item.Document.Fields)).Take(_shots);
        }

        return [.. examples.Select(example => example.Example)];
    }
}
