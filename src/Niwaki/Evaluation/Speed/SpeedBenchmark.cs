using System.Diagnostics;
using System.Globalization;
using Niwaki.Kernels;
using Niwaki.Models;
using Niwaki.Plans;

namespace Niwaki.Evaluation.Speed;

/// <summary>Measures how fast models read and write text, in turns, so that a disturbance of the machine meets all of them.</summary>
/// <param name="options">What to measure.</param>
/// <param name="progress">Told after every run; null: nobody.</param>
public sealed class SpeedBenchmark(SpeedOptions options, IProgress<SpeedProgress>? progress = null)
{
    private long _passed;

    /// <summary>Measures.</summary>
    /// <param name="models">One model, or two of which the second is the one to compare with; with the names to report.</param>
    /// <param name="machine">The machine, in words.</param>
    /// <param name="threads">Threads that the models compute with.</param>
    /// <param name="toolVersion">Version of Niwaki.</param>
    /// <param name="cancellationToken">Ends the measurement.</param>
    /// <exception cref="ArgumentException">There are no models or more than two, or the options are out of range.</exception>
    /// <exception cref="OperationCanceledException">The measurement was ended.</exception>
    public SpeedReport Measure(
        IReadOnlyList<(string Name, Transformer Model)> models, string machine, int threads, string toolVersion, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(models);
        string[] faults = [.. options.Faults(), .. models.Count is 1 or 2 ? Array.Empty<string>() : [$"Models are {models.Count}, expected 1 or 2."]];
        if (faults.Length > 0)
        {
            throw new ArgumentException(string.Join(" ", faults), nameof(models));
        }

        WarmUp(models, cancellationToken);
        _passed = 0;
        double total = options.Batches.Sum(batch => options.Lengths.Sum(length => (double)batch * (length.Prompt + length.Generated))) * (options.Rounds + options.WarmUp) * models.Count;
        var rows = new List<SpeedRow>();
        foreach (int batch in options.Batches)
        {
            foreach ((int prompt, int generated) in options.Lengths)
            {
                rows.AddRange(Rows([.. models.Select(model => model.Model)], batch, prompt, generated, total, cancellationToken));
            }
        }

        return new SpeedReport
        {
            Machine = machine,
            VectorPath = CpuFeatures.VectorPath,
            Threads = threads,
            Rounds = options.Rounds,
            ToolVersion = toolVersion,
            Models = [.. models.Select(model => Weigh(model.Name, model.Model))],
            Rows = rows,
        };
    }

    private void WarmUp(IReadOnlyList<(string Name, Transformer Model)> models, CancellationToken cancellationToken)
    {
        const int Steps = 8; // enough to count as often called, and soon over on a large model
        (int prompt, int generated) = options.Lengths.MinBy(length => length.Prompt);
        long start = Stopwatch.GetTimestamp();
        for (int turn = 0; Stopwatch.GetElapsedTime(start) < options.WarmUpTime; turn++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            SpeedRun.Measure(models[turn % models.Count].Model, options.Batches.Min(), prompt, Math.Min(generated, Steps), TimeSpan.Zero, cancellationToken);
        }
    }

    private static SpeedModel Weigh(string name, Transformer model) => new(
        name,
        ParameterCounter.Count(model.Config).Total,
        (long)model.Config.VocabularySize * model.Config.HiddenSize,
        model.Memory.WeightBytes,
        KeyValueCache.BytesFor(model.Config, 1));

    private IEnumerable<SpeedRow> Rows(Transformer[] models, int batch, int prompt, int generated, double total, CancellationToken cancellationToken)
    {
        string stage = string.Create(CultureInfo.InvariantCulture, $"batch {batch}, {prompt} + {generated} tokens");
        var runs = models.Select(_ => new List<SpeedRun>()).ToArray();
        for (int round = -options.WarmUp; round < options.Rounds; round++)
        {
            for (int turn = 0; turn < models.Length; turn++)
            {
                // Who begins changes, so that neither always runs into what the other left.
                int model = (turn + round + options.WarmUp) % models.Length;
                cancellationToken.ThrowIfCancellationRequested();
                var run = SpeedRun.Measure(models[model], batch, prompt, generated, options.PrefillTime, cancellationToken);
                if (round >= 0)
                {
                    runs[model].Add(run);
                }

                _passed += (long)batch * (prompt + generated);
                progress?.Report(new SpeedProgress(stage, _passed / total, _passed));
            }
        }

        return runs.Select((list, model) => Row(models, model, batch, prompt, generated, list));
    }

    private static SpeedRow Row(Transformer[] models, int model, int batch, int prompt, int generated, List<SpeedRun> runs)
    {
        double read = (double)batch * prompt;
        double stepped = (double)batch * (generated - 1);
        long others = models.Where((_, i) => i != model).Sum(other => other.Memory.WeightBytes + other.ScratchBytes);
        return new SpeedRow
        {
            Model = model,
            Batch = batch,
            Prompt = prompt,
            Generated = generated,
            Prefill = Spread.Of(runs.Select(run => read / run.PrefillSeconds)),
            PrefillOfBlocks = Spread.Of(runs.Select(run => read / (run.PrefillSeconds - run.PrefillHeadSeconds))),
            Decode = Spread.Of(runs.Select(run => Rate(stepped, run.DecodeSeconds))),
            DecodeOfBlocks = Spread.Of(runs.Select(run => Rate(stepped, run.DecodeSeconds - run.DecodeHeadSeconds))),
            Throughput = Spread.Of(runs.Select(run => batch * (double)generated / (run.PrefillSeconds + run.DecodeSeconds))),
            FirstToken = Spread.Of(runs.Select(run => run.PrefillSeconds)),
            PeakBytes = runs.Max(run => run.PeakBytes) - others,
            KeyValueBytes = runs[0].KeyValueBytes,
        };
    }

    /// <summary>0 where there was no step: one token is written by the prompt alone.</summary>
    private static double Rate(double tokens, double seconds) => tokens == 0 ? 0 : tokens / seconds;
}
