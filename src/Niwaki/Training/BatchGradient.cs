using Niwaki.Kernels;
using Niwaki.Models;

namespace Niwaki.Training;

/// <summary>Losses and gradients of a batch, cut into shards of whole windows that pass the model side by side, each with gradients of its own.</summary>
/// <remarks>
/// A core that takes a shard through the whole model alone finds activations in its own caches and waits for nobody; where every product is shared instead, each reads
/// what the others wrote. The cut follows from the lengths of the windows and the number of trained parameters, and sums go in the order of the shards: same bits
/// for any number of threads. One shard, shared product by product, where the batch is short or gradients of their own would take much memory; shards one after
/// the other where the weights of a teacher do not all stay in memory. Not thread safe.
/// </remarks>
internal sealed class BatchGradient : IDisposable
{
    /// <summary>Fewest tokens of a shard: enough that packing the weights costs little beside the products.</summary>
    private const int FewestTokens = 1024;

    private const int MostShards = 8;

    /// <summary>What the gradients of all shards but the first may take.</summary>
    private const long MostBytes = 1L << 30;

    /// <summary>What the activations of those that pass side by side may take together, if they are to be kept from the forward to the backward pass.</summary>
    private const long Room = 512L << 20;

    private readonly ThreadTeam _team;
    private readonly DenseTeacher? _teacher;
    private readonly ParameterLayout _trained;
    private readonly ModelConfig _config;
    private readonly ModelGradient _shared;
    private readonly List<Worker> _workers = [];
    private readonly List<ModelParameters> _gradients = [];

    /// <summary>Prepares passes.</summary>
    /// <param name="config">Config of the model.</param>
    /// <param name="trained">What is trained.</param>
    /// <param name="team">Threads; must outlive this object.</param>
    /// <param name="teacher">The dense model that the trained one stays near, or null; must outlive this object.</param>
    public BatchGradient(ModelConfig config, ParameterLayout trained, ThreadTeam team, DenseTeacher? teacher)
    {
        _config = config;
        _trained = trained;
        _team = team;
        _teacher = teacher;
        _shared = new ModelGradient(config, team, Room);
    }

    /// <summary>Bytes of activations and of gradients of shards held.</summary>
    public long ScratchBytes =>
        _shared.ScratchBytes + _workers.Sum(worker => worker.Bytes) + (sizeof(float) * _trained.Count * _gradients.Count);

    /// <summary>Whether the last backward pass found the activations of all blocks kept.</summary>
    public bool KeptActivations { get; private set; }

    /// <summary>Adds the gradients of the objective (<see cref="ModelGradient"/>) to those of what is trained.</summary>
    /// <param name="model">The model.</param>
    /// <param name="examples">Examples of one batch.</param>
    /// <param name="factor">What every loss counts, finite.</param>
    /// <param name="gradients">Gradients of the trained tensors, added to.</param>
    /// <param name="noise">Decides the dropout of adapters.</param>
    /// <param name="streamFactor">What the difference from the streams of the teacher counts at every token, finite.</param>
    public BatchLoss Compute(TrainableModel model, TrainingExample[] examples, float factor, ModelParameters gradients, long noise, float streamFactor = 0)
    {
        Shard[] shards = Cut(examples, gradients: true);
        while (_gradients.Count < shards.Length - 1)
        {
            _gradients.Add(new ModelParameters(_trained));
        }

        var sums = new BatchLoss[shards.Length];
        bool[] kept = new bool[shards.Length];
        void Run(ModelGradient passes, TeacherPart? part, Shard shard)
        {
            ModelParameters own = gradients;
            if (shard.Index > 0)
            {
                own = _gradients[shard.Index - 1];
                own.Clear();
            }

            sums[shard.Index] = passes.Compute(model, shard.Examples, factor, own, part, noise, shard.FirstToken);
            kept[shard.Index] = passes.KeptActivations;
        }

        if (SideBySide(shards) && _teacher is null or { StandsBeside: true })
        {
            _team.Run(new ShardJob(shards, Workers(shards), (worker, shard) =>
            {
                worker.Teacher?.Read([.. shard.Examples.Select(example => example.Ids)]);
                Run(worker.Passes, worker.Teacher is { } teacher ? new TeacherPart(teacher, 0, streamFactor) : null, shard);
            }));
        }
        else
        {
            _teacher?.Read([.. examples.Select(example => example.Ids)]);
            foreach (Shard shard in shards)
            {
                Run(_shared, _teacher is null ? null : new TeacherPart(_teacher, shard.FirstToken, streamFactor), shard);
            }
        }

        KeptActivations = Array.TrueForAll(kept, value => value);
        gradients.Add(_team, _gradients[..(shards.Length - 1)]);
        return sums.Aggregate((total, sum) => total + sum);
    }

    /// <summary>The sum of the losses of all scored tokens, nats.</summary>
    /// <param name="model">The model.</param>
    /// <param name="examples">Examples of one batch.</param>
    public double Loss(TrainableModel model, TrainingExample[] examples)
    {
        Shard[] shards = Cut(examples, gradients: false);
        double[] sums = new double[shards.Length];
        void Run(ModelGradient passes, Shard shard) => sums[shard.Index] = passes.Losses(model, shard.Examples).Sum(loss => (double)loss);
        if (SideBySide(shards))
        {
            _team.Run(new ShardJob(shards, Workers(shards), (worker, shard) => Run(worker.Passes, shard)));
        }
        else
        {
            Array.ForEach(shards, shard => Run(_shared, shard));
        }

        return sums.Sum();
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _shared.Dispose();
        _workers.ForEach(worker => worker.Dispose());
        _gradients.ForEach(gradients => gradients.Dispose());
    }

    /// <summary>Contiguous examples with about as many tokens each.</summary>
    private Shard[] Cut(TrainingExample[] examples, bool gradients)
    {
        long tokens = examples.Sum(example => (long)example.Ids.Length);
        long count = Math.Min(Math.Min(MostShards, examples.Length), tokens / FewestTokens);
        if (gradients)
        {
            count = Math.Min(count, 1 + (MostBytes / sizeof(float) / Math.Max(1, _trained.Count)));
        }

        var shards = new List<Shard>();
        int first = 0;
        long passed = 0;
        int firstToken = 0;
        for (int i = 0; i < examples.Length; i++)
        {
            passed += examples[i].Ids.Length;
            if (i + 1 == examples.Length || passed * count >= tokens * (shards.Count + 1))
            {
                shards.Add(new Shard(shards.Count, firstToken, examples[first..(i + 1)]));
                first = i + 1;
                firstToken = (int)passed;
            }
        }

        return [.. shards];
    }

    private bool SideBySide(Shard[] shards) => Math.Min(shards.Length, _team.Size) > 1;

    /// <summary>As many as can take shards at the same time, or more.</summary>
    private List<Worker> Workers(Shard[] shards)
    {
        int side = Math.Min(shards.Length, _team.Size);
        while (_workers.Count < side)
        {
            _workers.Add(new Worker(_config, _team.Size / side, Room / side, _teacher));
        }

        return _workers;
    }

    /// <summary>Windows that pass the model together.</summary>
    /// <param name="Index">Place among the shards of the batch.</param>
    /// <param name="FirstToken">Tokens of the batch in front of them.</param>
    /// <param name="Examples">The windows.</param>
    private sealed record Shard(int Index, int FirstToken, TrainingExample[] Examples);

    /// <summary>Threads, activations and teacher of those who pass one shard at a time.</summary>
    private sealed class Worker : IDisposable
    {
        private readonly ThreadTeam _team;

        public Worker(ModelConfig config, int threads, long room, DenseTeacher? teacher)
        {
            _team = new ThreadTeam(threads);
            Passes = new ModelGradient(config, _team, room);
            Teacher = teacher is { StandsBeside: true } ? teacher.Beside(_team) : null;
        }

        public ModelGradient Passes { get; }

        public DenseTeacher? Teacher { get; }

        public long Bytes => Passes.ScratchBytes + _team.ScratchBytes + (Teacher?.MemoryBytes ?? 0);

        public void Dispose()
        {
            Teacher?.Dispose();
            Passes.Dispose();
            _team.Dispose();
        }
    }

    private sealed class ShardJob(Shard[] shards, List<Worker> workers, Action<Worker, Shard> run) : ITeamJob
    {
        public void Execute(ThreadTeam team, int member)
        {
            if (member >= workers.Count)
            {
                return;
            }

            while (team.TryTake(member, shards.Length, out int ticket))
            {
                run(workers[member], shards[ticket]);
            }
        }
    }
}
