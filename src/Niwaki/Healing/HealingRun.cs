using System.Diagnostics;
using Niwaki.Formats;
using Niwaki.Formats.HuggingFace;
using Niwaki.Models;
using Niwaki.Tensors;
using Niwaki.Training;

namespace Niwaki.Healing;

/// <summary>Carries out a healing: measures the model, trains it stage by stage, writes the result beside it and measures that.</summary>
/// <remarks>The model given is never changed. Equal recipes give equal models, bit for bit at one vector width, also when they were interrupted.</remarks>
public sealed class HealingRun : IDisposable
{
    private readonly HealingRecipe _recipe;
    private readonly HealingRunOptions _options;
    private readonly HealingSource _source;
    private readonly HealingTexts _texts;
    private readonly string _start;
    private readonly HashSet<string> _changed = new(StringComparer.Ordinal);
    private readonly CancellationToken _cancellationToken;
    private Transformer? _dense;
    private ModelParameters? _weights;
    private long _tokens;
    private double _seconds;

    private HealingRun(HealingRecipe recipe, HealingRunOptions options, CancellationToken cancellationToken)
    {
        _recipe = recipe;
        _options = options;
        _cancellationToken = cancellationToken;
        _source = HealingSource.Open(recipe, cancellationToken);
        try
        {
            CheckWindows();
            CheckAdapter();
            _texts = new HealingTexts(recipe, _source.Model, _source.Config);
            _start = _source.Model.ContentHash(cancellationToken) + (_source.DenseHash is { } dense ? $" beside {dense}" : "");
        }
        catch
        {
            _source.Dispose();
            throw;
        }
    }

    /// <summary>Heals a model.</summary>
    /// <param name="recipe">What to do; a relative path starts from its working folder.</param>
    /// <param name="folder">Folder for recipe, log, states, model and report; new, or with <see cref="HealingRunOptions.Resume"/> that of the same recipe.</param>
    /// <param name="options">How it is carried out.</param>
    /// <param name="cancellationToken">Looked at between steps; the state is saved then.</param>
    /// <exception cref="Runs.RecipeException">The recipe cannot be used.</exception>
    /// <exception cref="HealingException">The dense model is not known or not the right one, or the folder is taken.</exception>
    /// <exception cref="Formats.ModelFormatException">A model or a state is broken, or belongs to another.</exception>
    /// <exception cref="Datasets.DatasetException">A text is too short or no text.</exception>
    /// <exception cref="TrainingInterruptedException">A loss is no number, or a state cannot be written; says what is kept.</exception>
    /// <exception cref="IOException">A file cannot be read or written.</exception>
    /// <exception cref="UnauthorizedAccessException">A file may not be read or written.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; it can be resumed.</exception>
    public static HealingReport Execute(HealingRecipe recipe, string folder, HealingRunOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentNullException.ThrowIfNull(options);
        HealingRecipe complete = (recipe with { WorkingFolder = recipe.WorkingFolder ?? Directory.GetCurrentDirectory() }).Validate();
        using var run = new HealingRun(complete, options, cancellationToken);
        return run.Execute(new HealingFolder(folder));
    }

    /// <summary>Takes a few steps of every stage to tell what a healing would need; writes nothing.</summary>
    /// <param name="recipe">What to do.</param>
    /// <param name="options">How it is carried out.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="Runs.RecipeException">The recipe cannot be used.</exception>
    /// <exception cref="HealingException">The dense model is not known or not the right one.</exception>
    public static HealingEstimate Estimate(HealingRecipe recipe, HealingRunOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        ArgumentNullException.ThrowIfNull(options);
        using var run = new HealingRun(recipe.Validate(), options, cancellationToken);
        return run.Estimate();
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _weights?.Dispose();
        _dense?.Dispose();
        _source.Dispose();
    }

    private HealingReport Execute(HealingFolder folder)
    {
        // What does not fit a stage is said before anything is written.
        foreach (HealingStage stage in _recipe.Stages)
        {
            if (stage == HealingStage.Reconstruction)
            {
                ReconstructionWindows();
            }
            else
            {
                _texts.Of(stage, TrainingOf(stage));
            }
        }

        using FolderLock held = folder.Begin(_recipe, _options.Resume);
        double before = Measure(_source.Model);
        if (!double.IsFinite(before))
        {
            throw new HealingException(
                FormattableString.Invariant($"'{_source.Model.Folder}': held-out loss is {before}, expected a finite number. A model whose weights are broken cannot be healed."));
        }

        double? withAdapters = null;
        foreach (HealingStage stage in _recipe.Stages)
        {
            if (stage == HealingStage.Reconstruction)
            {
                Reconstruct(folder);
            }
            else
            {
                withAdapters = Train(stage, folder);
            }
        }

        double after = _options.SaveAdapter ? withAdapters!.Value : WriteModel(folder, before);
        var report = new HealingReport(
            before, after, _texts.HeldOut.Sum(example => (long)example.Scored), _tokens, _seconds, [.. _recipe.Stages.Select(HealingSchema.NameOf)]);
        _weights?.Dispose();
        _weights = null;
        folder.End(report);
        return report;
    }

    /// <summary>A stage with gradients through the whole model; returns the held-out loss behind it.</summary>
    private double Train(HealingStage stage, HealingFolder folder)
    {
        _weights ??= LoadWeights(folder);
        TrainingOptions training = TrainingOf(stage);
        using LoraAdapters? adapters = stage == HealingStage.Lora ? new LoraAdapters(_source.Config, _recipe.Adapters, _recipe.Seed) : null;
        TrainableModel model = adapters is null ? new TrainableModel(_weights) : new TrainableModel(_weights, adapters);
        using DenseTeacher? teacher = TeacherOf(stage);
        using var trainer = new Trainer(model, _texts.Of(stage, training), training, _options.Team, teacher);
        string statePath = folder.StatePath(stage);
        if (_options.Resume && File.Exists(statePath))
        {
            TrainingState.Load(statePath, trainer, _start);
        }

        var loop = new TrainingLoop(trainer, () => trainer.Evaluate(_texts.HeldOut), statePath, folder.LogPath)
        {
            LogEvery = _options.LogEvery,
            EvaluateEvery = _options.EvaluateEvery,
            SaveEvery = _options.SaveEvery,
            ReadOffs = _options.ReadOffs,
            Stage = HealingSchema.NameOf(stage),
            Start = _start,
            Progress = _options.Progress?.Invoke(HealingSchema.NameOf(stage)),
            Advice = "A lower learning rate or a longer warm-up may help: it is another recipe, to be begun with another --out.",
        };
        loop.Run(_cancellationToken);
        _tokens += trainer.TokensSeen;
        _seconds += loop.Seconds;
        if (adapters is null)
        {
            _changed.UnionWith(_weights.Layout.Tensors.Select(tensor => tensor.Name));
            return loop.HeldOutLoss;
        }

        if (_options.SaveAdapter)
        {
            AdapterFolder.Write(folder.AdapterPath, model, _source.Model.Folder);
            return loop.HeldOutLoss;
        }

        adapters.MergeInto(_weights, _options.Team);
        _changed.UnionWith(_source.Config.Blocks.SelectMany((shape, block) =>
            BlockTensor.Of(_source.Config.Features, shape).Where(tensor => _recipe.Adapters.Targets.Contains(tensor.Role)).Select(tensor => tensor.NameIn(block))));
        if (_recipe.Adapters.TrainHead)
        {
            _changed.Add(ParameterLayout.HeadName(_source.Config));
        }

        return loop.HeldOutLoss;
    }

    private void Reconstruct(HealingFolder folder)
    {
        Directory.CreateDirectory(folder.SubLayersPath);
        _seconds += Reconstruction().Run(folder.SubLayersPath, _options.Reconstructed, _cancellationToken);
        _tokens += (long)_recipe.Reconstruction.Windows * _recipe.Reconstruction.Window * _recipe.Reconstruction.Epochs;
    }

    private BlockReconstruction Reconstruction() => new(
        _source,
        Dense(),
        ReconstructionWindows(),
        _recipe.Reconstruction,
        _recipe.Seed,
        _start,
        _options.Team);

    private int[][] ReconstructionWindows() => _texts.Windows(_recipe.Reconstruction.Window, _recipe.Reconstruction.Windows);

    /// <summary>Writes the model and measures what was written.</summary>
    private double WriteModel(HealingFolder folder, double before)
    {
        using ReconstructedTensors? subLayers = _weights is null && Directory.Exists(folder.SubLayersPath) ? BlockReconstruction.Open(folder.SubLayersPath) : null;
        TensorView<float>? Values(string name)
        {
            if (subLayers is not null)
            {
                return subLayers.Find(name);
            }

            return _changed.Contains(name) && _weights!.Layout.Find(name) is { } tensor ? _weights[tensor] : null;
        }

        double expected = 0;
        HealedModel.Write(folder.ModelPath, _source.Model, Values, path =>
        {
            using var healed = Checkpoint.Open(path);
            expected = Measure(healed);
            return HealedModel.Card(_recipe, before, expected);
        });
        return expected;
    }

    private ModelParameters LoadWeights(HealingFolder? folder)
    {
        var weights = ModelParameters.Load(_source.Model, _source.Config);
        if (folder is null || !_recipe.Stages.Contains(HealingStage.Reconstruction))
        {
            return weights;
        }

        using ReconstructedTensors subLayers = BlockReconstruction.Open(folder.SubLayersPath);
        foreach (ParameterTensor tensor in weights.Layout.Tensors)
        {
            if (subLayers.Find(tensor.Name) is not { } values)
            {
                continue;
            }

            _changed.Add(tensor.Name);
            for (int row = 0; row < values.Rows; row++)
            {
                values[row].CopyTo(weights[tensor][row]);
            }
        }

        return weights;
    }

    private HealingEstimate Estimate()
    {
        var total = new HealingEstimate(0, 0, 0, 0);
        foreach (HealingStage stage in _recipe.Stages)
        {
            HealingEstimate part = stage == HealingStage.Reconstruction ? EstimateReconstruction() : EstimateSteps(stage);
            total = new HealingEstimate(
                total.Seconds + part.Seconds, Math.Max(total.MemoryBytes, part.MemoryBytes), total.Tokens + part.Tokens, part.TrainedParameters);
        }

        return total;
    }

    private HealingEstimate EstimateReconstruction()
    {
        BlockReconstruction reconstruction = Reconstruction();
        double seconds = reconstruction.Estimate(_cancellationToken);
        ModelConfig config = _source.Config;
        return new HealingEstimate(
            seconds,
            reconstruction.MemoryBytes,
            (long)_recipe.Reconstruction.Windows * _recipe.Reconstruction.Window * _recipe.Reconstruction.Epochs,
            config.Blocks.Sum(shape => BlockTensor.Of(config.Features, shape).Sum(tensor => config.ElementCount(tensor, shape))));
    }

    private HealingEstimate EstimateSteps(HealingStage stage)
    {
        const int Steps = 2;
        TrainingOptions training = TrainingOf(stage);
        _weights ??= LoadWeights(null);
        using LoraAdapters? adapters = stage == HealingStage.Lora ? new LoraAdapters(_source.Config, _recipe.Adapters, _recipe.Seed) : null;
        TrainableModel model = adapters is null ? new TrainableModel(_weights) : new TrainableModel(_weights, adapters);
        using DenseTeacher? teacher = TeacherOf(stage);
        using var trainer = new Trainer(model, _texts.Of(stage, training), training, _options.Team, teacher);
        trainer.Step();
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < Steps; i++)
        {
            _cancellationToken.ThrowIfCancellationRequested();
            trainer.Step();
        }

        return new HealingEstimate(
            Stopwatch.GetElapsedTime(start).TotalSeconds / Steps * training.Steps,
            trainer.MemoryBytes,
            trainer.TokensSeen / (Steps + 1) * training.Steps,
            model.Trained.Count);
    }

    private DenseTeacher? TeacherOf(HealingStage stage)
    {
        GradientStageOptions options = _recipe.Gradient(stage)!;
        return options.NeedsTeacher ? new DenseTeacher(Dense(), options.Divergence, options.Hidden, _source.Blocks) : null;
    }

    private Transformer Dense() =>
        _dense ??= Transformer.Load(_source.Dense!, _source.DenseConfig!, _options.Team, new TransformerOptions { MemoryBytes = _options.MemoryBytes });

    private TrainingOptions TrainingOf(HealingStage stage) => _recipe.Gradient(stage)!.Training with { Seed = _recipe.Seed };

    /// <summary>Mean loss of the held-out tokens, nats.</summary>
    private double Measure(Checkpoint checkpoint)
    {
        using var model = Transformer.Load(checkpoint, _source.Config, _options.Team, new TransformerOptions { MemoryBytes = _options.MemoryBytes });
        float[][] losses = ForwardPass.Losses(model, [.. _texts.HeldOut.Select(example => example.Ids)], cancellationToken: _cancellationToken);
        double sum = losses.Zip(_texts.HeldOut, (window, example) => window.Skip(example.FirstScored - 1).Sum(loss => (double)loss)).Sum();
        return sum / _texts.HeldOut.Sum(example => (long)example.Scored);
    }

    private void CheckWindows()
    {
        List<(string Name, int Tokens)> windows =
            [.. _recipe.Stages.Select(stage => ($"window of {HealingSchema.NameOf(stage)}", _recipe.Gradient(stage)?.Training.Window ?? _recipe.Reconstruction.Window))];
        if (_recipe.Text is not null || _recipe.HeldOut is not null)
        {
            windows.Add(("window to measure on", _recipe.HeldOutWindow));
        }

        (string name, int longest) = windows.MaxBy(window => window.Tokens);
        if (longest > _source.Config.ContextLength)
        {
            throw new HealingException(
                $"'{_source.Model.Folder}': {name} is {longest} tokens, expected at most {_source.Config.ContextLength}, the context of the model. Give a shorter one.");
        }
    }

    private void CheckAdapter()
    {
        if (_options.SaveAdapter && !_recipe.Stages.SequenceEqual([HealingStage.Lora]))
        {
            throw new HealingException(
                $"--adapter is given with the stages {string.Join(", ", _recipe.Stages.Select(HealingSchema.NameOf))}, expected lora alone: adapters belong to the model that was given.");
        }

        if (_options.SaveAdapter && _recipe.Adapters.TrainHead && _source.Config.TiedEmbeddings)
        {
            throw new HealingException(
                $"'{_source.Model.Folder}': output head is tied to the embedding, expected a head of its own to be saved beside adapters. Leave --adapter or 'lora.head' out.");
        }
    }
}
