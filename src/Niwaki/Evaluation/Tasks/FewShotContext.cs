using System.Text.Json.Nodes;
using Niwaki.Datasets;
using Niwaki.Numerics;

namespace Niwaki.Evaluation.Tasks;

/// <summary>Puts examples in front of documents, drawn as lm-evaluation-harness draws them.</summary>
/// <remarks>
/// One sequence of CPython's random numbers for a task, and one draw for every document in their order: the examples of a document depend on how many documents
/// stand in front of it, not on how many follow.
/// </remarks>
public sealed class FewShotContext
{
    /// <summary>Seed of the harness.</summary>
    public const long DefaultSeed = 1234;

    private readonly TaskDefinition _task;
    private readonly IReadOnlyList<TaskItem> _pool;
    private readonly int _shots;
    private readonly MersenneTwister _random;

    /// <summary>Makes a context.</summary>
    /// <param name="task">The task.</param>
    /// <param name="pool">Documents that examples are taken from; none needed for no shots.</param>
    /// <param name="shots">Examples in front of a document, 0 or more.</param>
    /// <param name="seed">Seed.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number is negative.</exception>
    /// <exception cref="DatasetException">There are too few documents.</exception>
    public FewShotContext(TaskDefinition task, IReadOnlyList<TaskItem> pool, int shots, long seed = DefaultSeed)
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

    /// <summary>What stands in front of the next document: description and examples.</summary>
    /// <param name="item">The document.</param>
    public string Next(TaskItem item)
    {
        ArgumentNullException.ThrowIfNull(item);
        if (_shots == 0)
        {
            return _task.Description;
        }

        IEnumerable<TaskItem> examples = _task.TakesFirstExamples ? _pool.Take(_shots) : _random.Sample(_pool.Count, Drawn).Select(place => _pool[place]);
        if (_task is { TakesFirstExamples: false, DrawsOneMore: true })
        {
            examples = examples.Where(example => !JsonNode.DeepEquals(example.Document.Fields, item.Document.Fields)).Take(_shots);
        }

        return _task.Description + string.Concat(examples.Select(example => example.Example));
    }
}
