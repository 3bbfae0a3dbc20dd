using System.Diagnostics;
using Niwaki.Evaluation;
using Niwaki.Formats.HuggingFace;
using Niwaki.Kernels;
using Niwaki.Models;
using Niwaki.Plans;
using Niwaki.Pruning.Decisions;
using Niwaki.Pruning.Methods;
using Niwaki.Pruning.Surgery;
using Niwaki.Runs;
using Niwaki.Tensors;
using Niwaki.Tokenizers;

namespace Niwaki.Pruning;

/// <summary>One run from a model folder to a smaller one: calibration text, baseline, decision, plan, surgery, check, report.</summary>
/// <remarks>
/// Every step is a function of the recipe and of what the run folder holds, and every evaluation is journalled, so a run that is killed anywhere
/// continues with <see cref="Resume"/> to the same plan, bit for bit at one vector width.
/// </remarks>
public sealed class PruningRun : IDisposable
{
    /// <summary>Name of the first evaluation of every run.</summary>
    internal const string BaselineKey = "evaluation before";

    private const string WritingStage = "writing the model";
    private const string ResultStage = "measuring the result";

    /// <summary>Most tokens on which the written model is compared with the source whose units are off; fewer where a vocabulary is so large that their logits take more than they may.</summary>
    private const int ComparedTokens = 64;

    private const long ComparedBytes = 16 << 20;

    private readonly RunFolder _folder;
    private readonly PruningRunOptions _options;
    private readonly Checkpoint _checkpoint;
    private readonly ModelConfig _config;
    private readonly Tokenizer _tokenizer;
    private readonly ThreadTeam _team;

    /// <summary>Evaluations that the journal holds.</summary>
    private int _evaluations;

    private PruningRun(RunFolder folder, PruningRunOptions options, Checkpoint checkpoint, ModelConfig config, Tokenizer tokenizer)
    {
        _folder = folder;
        _options = options;
        _checkpoint = checkpoint;
        _config = config;
        _tokenizer = tokenizer;
        _team = new ThreadTeam(options.Threads);
    }

    /// <summary>Begins a run and carries it out.</summary>
    /// <param name="recipe">What to do; names the model.</param>
    /// <param name="path">Run folder: new, or empty.</param>
    /// <param name="options">How to carry it out; null: defaults.</param>
    /// <param name="cancellationToken">Stops the run after the evaluation at hand; it can be resumed.</param>
    /// <exception cref="RecipeException">The recipe has faults, all of which the message lists.</exception>
    /// <exception cref="RunFolderException">The folder holds something already.</exception>
    /// <exception cref="Formats.ModelFormatException">The model folder is broken.</exception>
    /// <exception cref="Formats.UnsupportedModelException">The model is of a kind that Niwaki does not run.</exception>
    /// <exception cref="Datasets.DatasetException">A text or the order of the blocks is too short, broken, or of another model.</exception>
    /// <exception cref="IOException">A file that the recipe names does not exist or cannot be read.</exception>
    /// <exception cref="PruningException">The method cannot reach the target on this model, or the texts that decide and measure share a window.</exception>
    /// <exception cref="VerificationException">The model that was written is not the one decided on; it stays in the run folder.</exception>
    /// <exception cref="OperationCanceledException">The run was stopped.</exception>
    public static RunReport Start(Recipe recipe, string path, PruningRunOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        recipe.Validate();
        TargetCheck.CheckFiles(recipe);

        // The model is opened before the folder is made, so that a wrong model leaves nothing behind.
        using PruningRun run = Open(recipe, () => RunFolder.Create(path, recipe), options ?? new PruningRunOptions());
        try
        {
            return run.Execute(cancellationToken);
        }
        catch (Exception exception) when (exception is not OperationCanceledException && run.HoldsNothing)
        {
            run._folder.Discard();
            throw;
        }
    }

    /// <summary>Continues a run that was stopped or killed. A run that has ended gives its report again.</summary>
    /// <param name="path">Run folder.</param>
    /// <param name="options">How to carry it out; null: defaults.</param>
    /// <param name="cancellationToken">Stops the run after the evaluation at hand.</param>
    /// <exception cref="RunFolderException">The folder holds no run, or the weights of its model are others than those that it began with.</exception>
    /// <exception cref="OperationCanceledException">The run was stopped.</exception>
    public static RunReport Resume(string path, PruningRunOptions? options = null, CancellationToken cancellationToken = default)
    {
        RunFolder folder = RunFolder.Open(path);
        if (File.Exists(folder.ReportPath))
        {
            using (folder)
            {
                return RunReport.Read(folder.ReportPath);
            }
        }

        try
        {
            using PruningRun run = Open(folder.Recipe, () => folder, options ?? new PruningRunOptions());
            return run.Execute(cancellationToken);
        }
        finally
        {
            folder.Dispose();
        }
    }

    /// <summary>Whether a run that failed leaves nothing that took time: no evaluation, no text that the model wrote.</summary>
    private bool HoldsNothing =>
        _evaluations == 0 && !(_folder.Recipe.Calibration.Source == TextSource.Self && File.Exists(_folder.CalibrationPath));

    /// <inheritdoc />
    public void Dispose()
    {
        _team.Dispose();
        _checkpoint.Dispose();
        _folder.Dispose();
    }

    private static PruningRun Open(Recipe recipe, Func<RunFolder> folder, PruningRunOptions options)
    {
        var checkpoint = Checkpoint.Open(recipe.FullPath(recipe.Model ?? throw new RecipeException(null, ["Recipe names no model, expected a model folder."])));
        try
        {
            ModelConfig config = ModelConfigReader.Read(checkpoint);
            TargetCheck.Check(recipe, config, options.Notice);
            var tokenizer = Tokenizer.Load(checkpoint.Folder);
            return new PruningRun(folder(), options, checkpoint, config, tokenizer);
        }
        catch
        {
            checkpoint.Dispose();
            throw;
        }
    }

    private RunReport Execute(CancellationToken cancellationToken)
    {
        long start = Stopwatch.GetTimestamp();
        string source = _checkpoint.ContentHash(cancellationToken);
        using Journal journal = _folder.OpenJournal(CpuFeatures.VectorPath, source);
        CheckStart(journal, source);
        var log = new EvaluationLog(journal);
        _evaluations = log.Recorded;
        double secondsBefore = journal.Entries.Sum(entry => entry.Record.Seconds);
        RunTexts texts;
        double lossBefore;
        using (var dense = Transformer.Load(_checkpoint, _config, _team, new TransformerOptions { MemoryBytes = _options.MemoryBytes }))
        {
            texts = RunTexts.ReadOrMake(_folder, dense, _tokenizer, _options, cancellationToken);
            _options.Progress?.Report(new PruningProgress("baseline", 0));
            lossBefore = Measure(log, BaselineKey, "baseline", dense, texts.Evaluation, cancellationToken);
            _evaluations = log.Count;
        }

        var context = new PruningContext
        {
            Checkpoint = _checkpoint,
            Config = _config,
            Team = _team,
            Recipe = _folder.Recipe,
            Calibration = texts.Calibration,
            Log = log,
            RoundStore = new RoundStore(_folder.RoundsPath),
            MemoryBytes = _options.MemoryBytes,
            Progress = _options.Progress,
            Notice = _options.Notice,
            CancellationToken = cancellationToken,
        };
        ModelSelection selection = PruningMethods.Get(_folder.Recipe.Method).Decide(context);
        cancellationToken.ThrowIfCancellationRequested();
        foreach ((string name, string content) in context.Files)
        {
            _folder.WriteText(name, content);
        }

        PruningPlan plan = Cut(selection, context.Biases, source, cancellationToken);
        using var result = Checkpoint.Open(_folder.ModelPath);
        double lossAfter = MeasureResult(log, result, selection, context.Biases, texts.Evaluation, cancellationToken);
        RunReport report = RunReports.Create(
            _folder, plan, _checkpoint, result, _config, selection, texts, (lossBefore, lossAfter),
            context.ForwardTokens + texts.WrittenTokens, log.Count, secondsBefore + Stopwatch.GetElapsedTime(start).TotalSeconds);
        report = report with { Rounds = context.Rounds.Count > 0 ? [.. context.Rounds] : null };
        ModelCard.Write(_folder.ModelPath, plan, _config, ConfigSurgery.IsStock(result.Config), report);
        report.Write(_folder.ReportPath);
        return report;
    }

    /// <summary>Refuses a journal that began with other weights, and tells of one that began with another vector width.</summary>
    private void CheckStart(Journal journal, string source)
    {
        if (journal.RecordedSource is { } begun && begun != source)
        {
            throw new RunFolderException(
                _folder.FolderPath,
                $"'{_checkpoint.Folder}': weights have another hash than those that the run in '{_folder.FolderPath}' began with, expected the same. Put them back, or begin a new run.");
        }

        if (journal.RecordedVectorPath != CpuFeatures.VectorPath)
        {
            _options.Notice?.Invoke(
                $"The run began with {journal.RecordedVectorPath} instructions and continues with {CpuFeatures.VectorPath}: the last bits of losses may differ.");
        }
    }

    private PruningPlan Cut(ModelSelection selection, OutputBiases? biases, string source, CancellationToken cancellationToken)
    {
        Recipe recipe = _folder.Recipe;
        var plan = new PruningPlan
        {
            Method = PruningMethodNames.NameOf(recipe.Method),
            Sparsity = TargetCheck.SparsityOf(recipe, _config, selection),
            Seed = recipe.Seed,
            SourceName = _checkpoint.Name,
            SourceStructureHash = _checkpoint.StructureHash,
            SourceContentHash = source,
            Recipe = recipe.ToYaml(),
            Selection = selection,
            Biases = biases,
        };
        plan.Write(_folder.PlanPath);

        // A run that was killed between surgery and report has its model already; it is made again, which is cheap and certain.
        if (Directory.Exists(_folder.ModelPath))
        {
            Directory.Delete(_folder.ModelPath, recursive: true);
        }

        _options.Progress?.Report(new PruningProgress(WritingStage, 0));
        CheckpointSurgery.Apply(_checkpoint, _config, plan, _folder.ModelPath, progress: Stage(WritingStage), cancellationToken: cancellationToken);
        return plan;
    }

    /// <summary>
    /// Loads what was written, compares it with the source cut in memory and with the source whose units are off, the form that the decision was made on, and measures it. One model is
    /// in memory at a time: a machine that holds the source holds the run.
    /// </summary>
    private double MeasureResult(
        EvaluationLog log, Checkpoint result, ModelSelection selection, OutputBiases? biases, int[][] windows, CancellationToken cancellationToken)
    {
        _options.Progress?.Report(new PruningProgress(ResultStage, 0));
        int[][] sample = windows[..1];
        float[] expected;
        using (var cut = Transformer.Load(
            _checkpoint, _config, _team, new TransformerOptions { MemoryBytes = _options.MemoryBytes, Selection = selection, Biases = biases }))
        {
            expected = ForwardPass.Losses(cut, sample, cancellationToken: cancellationToken)[0];
        }

        long most = Math.Clamp(ComparedBytes / (sizeof(float) * (long)_config.VocabularySize), 1, Math.Min(sample[0].Length, ComparedTokens));
        int[] compared = sample[0][..(int)most];
        using NativeBuffer<float> gated = new(most * _config.VocabularySize), open = new(most * _config.VocabularySize);
        using (var source = Transformer.Load(_checkpoint, _config, _team, new TransformerOptions { MemoryBytes = _options.MemoryBytes, Biases = biases }))
        {
            LogitComparison.Logits(source, compared, ModelGates.For(_config, selection), gated);
        }

        using var written = Transformer.Load(result, ModelConfigReader.Read(result), _team, new TransformerOptions { MemoryBytes = _options.MemoryBytes });
        LogitComparison.Logits(written, compared, null, open);
        LogitComparison.Of(gated, open, _config.VocabularySize).ThrowIfAbove(_folder.ModelPath);
        float[] found = ForwardPass.Losses(written, sample, cancellationToken: cancellationToken)[0];
        int different = Enumerable.Range(0, found.Length).FirstOrDefault(i => found[i] != expected[i] && !(float.IsNaN(found[i]) && float.IsNaN(expected[i])), -1);
        return different < 0
            ? Measure(log, "evaluation after", ResultStage, written, windows, cancellationToken)
            : throw new PruningException(
                $"'{_folder.ModelPath}': loss of token {different + 1} is {found[different]}, expected {expected[different]} as the source gives without the units removed. "
                + "The files were damaged while they were written; check the disk and resume.");
    }

    private StageProgress? Stage(string name) => _options.Progress is { } progress ? new StageProgress(progress, name) : null;

    private double Measure(EvaluationLog log, string key, string stage, Transformer model, int[][] windows, CancellationToken cancellationToken) => log.GetOrRun(key, () =>
    {
        long start = Stopwatch.GetTimestamp();
        long tokens = windows.Sum(window => (long)window.Length);
        PerplexityResult result = Perplexity.Measure(model, windows, _tokenizer, progress: Stage(stage), cancellationToken: cancellationToken);
        return new EvaluationRecord(result.Nll, tokens, Stopwatch.GetElapsedTime(start).TotalSeconds);
    }).LossNats;
}
