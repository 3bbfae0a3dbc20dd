using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Niwaki.Formats;
using Niwaki.Formats.Safetensors;
using Niwaki.Kernels;
using Niwaki.Models;
using Niwaki.Tensors;
using Niwaki.Training;

namespace Niwaki.Healing;

/// <summary>Trains each sub-layer of a pruned model alone, in the order of a pass: no gradient leaves a sub-layer.</summary>
/// <remarks>
/// The input of a sub-layer is the pruned model's own stream, passed through the healed sub-layers in front of it. What it is to give is either the stream that the
/// dense sub-layer makes of the same input, or the dense model's own stream at that place. The objective is the mean squared difference. Memory: the streams of all
/// windows, and weights, gradients, moments and activations of one sub-layer; of the dense model what its memory plan says. Each healed sub-layer becomes a file, so
/// that a run that was ended goes on behind the last one, to the same bits.
/// </remarks>
internal sealed class BlockReconstruction
{
    private const string FingerprintKey = "niwaki_fingerprint";
    private const string SecondsKey = "niwaki_seconds";

    private readonly HealingSource _source;
    private readonly Transformer _dense;
    private readonly ReconstructionOptions _options;
    private readonly ThreadTeam _team;
    private readonly int[][] _windows;
    private readonly string _fingerprint;
    private readonly long _seed;

    /// <summary>Prepares the training of all sub-layers.</summary>
    public BlockReconstruction(HealingSource source, Transformer dense, int[][] windows, ReconstructionOptions options, long seed, string start, ThreadTeam team)
    {
        _source = source;
        _dense = dense;
        _windows = windows;
        _options = options;
        _seed = seed;
        _team = team;
        _fingerprint = string.Create(
            CultureInfo.InvariantCulture,
            $"{start}, {TextFingerprint.Of([.. windows.SelectMany(window => window)])}, {options.Target}, {options.Windows} {options.Window} {options.Epochs} {options.Batch} {options.LearningRate:R}, {seed}");
    }

    /// <summary>Largest memory held so far.</summary>
    public long MemoryBytes { get; private set; }

    /// <summary>Trains all sub-layers that are not in the folder yet.</summary>
    /// <param name="folder">Folder of the finished ones; exists.</param>
    /// <param name="progress">Told after each.</param>
    /// <param name="cancellationToken">Looked at between steps.</param>
    /// <returns>Seconds that all of them took, those of processes before included.</returns>
    /// <exception cref="OperationCanceledException">Cancelled; what is finished is in the folder.</exception>
    /// <exception cref="TrainingInterruptedException">An error is no number; says in which step of which sub-layer. What is finished is in the folder.</exception>
    public double Run(string folder, IProgress<ReconstructedSubLayer>? progress, CancellationToken cancellationToken)
    {
        double seconds = 0; // until the last sub-layer that was there already
        var watch = Stopwatch.StartNew();
        Pass(int.MaxValue, (block, subLayer, training, input, target) =>
        {
            string path = Path.Combine(folder, FileName(block, subLayer));
            if (File.Exists(path))
            {
                seconds = Load(path, training);
                watch.Restart();
                return;
            }

            (double before, double after) = Train(training, block, subLayer, input, target, folder, cancellationToken);
            Save(path, training, seconds + watch.Elapsed.TotalSeconds);
            progress?.Report(new ReconstructedSubLayer(block, _source.Config.Blocks.Count, subLayer, before, after));
        });
        return seconds + watch.Elapsed.TotalSeconds;
    }

    /// <summary>Times a step of each sub-layer of the first block that has any; returns the seconds that all steps would take.</summary>
    public double Estimate(CancellationToken cancellationToken)
    {
        double seconds = 0;
        long measured = 0;
        int blocks = 1 + _source.Config.Blocks.TakeWhile(shape => !shape.HasAttention && !shape.HasMlp).Count();
        Pass(blocks, (block, subLayer, training, input, target) =>
        {
            cancellationToken.ThrowIfCancellationRequested();
            seconds += training.SecondsOfRun(input, target);
            measured += training.Weights.Layout.Count;
        });
        long all = _source.Config.Blocks.Sum(shape => BlockTensor.Of(_source.Config.Features, shape).Sum(tensor => _source.Config.ElementCount(tensor, shape)));
        return measured == 0 ? 0 : seconds * all / measured;
    }

    /// <summary>New values of all tensors of the sub-layers in a folder; the files stay open until it is disposed of.</summary>
    public static ReconstructedTensors Open(string folder) => new(folder);

    private delegate void SubLayerVisit(int block, SubLayer subLayer, SubLayerTraining training, TensorView<float> input, TensorView<float> target);

    private (double Before, double After) Train(
        SubLayerTraining training, int block, SubLayer subLayer, TensorView<float> input, TensorView<float> target, string folder, CancellationToken cancellationToken)
    {
        try
        {
            return training.Run(input, target, SeedOf(block, subLayer), cancellationToken);
        }
        catch (TrainingInterruptedException exception)
        {
            throw new TrainingInterruptedException($"Block {block}, {NameOf(subLayer)}: {exception.Message} The finished sub-layers are kept in '{folder}'.", exception);
        }
    }

    private void Pass(int blocks, SubLayerVisit visit)
    {
        var rope = RopeTable.Create(_source.Config.Rope, Math.Max(_options.Window, 16));
        using ResidualStream input = _dense.Embed(_windows);
        using ResidualStream dense = _dense.Embed(_windows);
        using (BorrowedWeights table = _source.Model.Borrow(TensorNames.Embedding, _source.Config.VocabularySize, _source.Config.HiddenSize))
        {
            Embedding.Apply(_team, table.View, [.. _windows.SelectMany(window => window)], input.Values);
        }

        int next = 0;
        for (int block = 0; block < Math.Min(blocks, _source.Config.Blocks.Count); block++)
        {
            if (_options.Target == ReconstructionTarget.DenseStream)
            {
                _dense.RunBlocks(dense, next, _source.Blocks[block]);
            }

            next = _source.Blocks[block] + 1;
            foreach (SubLayer subLayer in new[] { SubLayer.Attention, SubLayer.Mlp })
            {
                if (_options.Target == ReconstructionTarget.SameInput)
                {
                    dense.CopyFrom(input);
                }

                _dense.RunBlocks(dense, next - 1, next, Only(subLayer, next - 1));
                if (_source.Config.Blocks[block].Has(subLayer))
                {
                    using var training = new SubLayerTraining(_source.Model, _source.Config, block, subLayer, rope, _options, _team);
                    visit(block, subLayer, training, input.Values, dense.Values);
                    training.Apply(input.Values);
                    MemoryBytes = Math.Max(
                        MemoryBytes,
                        training.MemoryBytes + (2 * ResidualStream.BytesFor(input.Tokens, input.HiddenSize)) + _dense.Memory.WeightBytes + _dense.ScratchBytes + _team.ScratchBytes);
                }
            }
        }
    }

    /// <summary>Gates with which a block is one of its sub-layers alone.</summary>
    private ModelGates[] Only(SubLayer subLayer, int block)
    {
        var gates = new ModelGates(_dense.Config.Blocks.Count);
        gates[block].Attention = subLayer == SubLayer.Attention;
        gates[block].Mlp = subLayer == SubLayer.Mlp;
        return [.. Enumerable.Repeat(gates, _windows.Length)];
    }

    private long SeedOf(int block, SubLayer subLayer) => Numerics.SeededRandom.Mix(_seed, (2L * block) + (subLayer == SubLayer.Attention ? 0 : 1));

    private static string FileName(int block, SubLayer subLayer) =>
        string.Create(CultureInfo.InvariantCulture, $"block-{block:D4}-{NameOf(subLayer)}.safetensors");

    private static string NameOf(SubLayer subLayer) => subLayer == SubLayer.Attention ? "attention" : "mlp";

    private void Save(string path, SubLayerTraining training, double seconds)
    {
        IReadOnlyList<ParameterTensor> tensors = training.Weights.Layout.Tensors;
        PlannedTensor[] planned = [.. tensors.Select((tensor, i) => new PlannedTensor(training.Names[i], ElementType.F32, tensor.Rows, tensor.Columns))];
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            [FingerprintKey] = _fingerprint,
            [SecondsKey] = seconds.ToString("F2", CultureInfo.InvariantCulture),
        };
        int next = 0;
        new SafetensorsWriter(planned, metadata).Write(path, (_, stream) =>
        {
            TensorView<float> view = training.Weights[tensors[next++]];
            for (int row = 0; row < view.Rows; row++)
            {
                stream.Write(MemoryMarshal.AsBytes(view[row]));
            }
        });
    }

    /// <summary>Takes up a finished sub-layer; returns the seconds until it was finished.</summary>
    private double Load(string path, SubLayerTraining training)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        string found = file.Metadata.GetValueOrDefault(FingerprintKey, "missing");
        if (found != _fingerprint)
        {
            throw new ModelFormatException(
                path, "options, text or model", $"are those of another healing ({MessageText.Shown(found)})", _fingerprint, nextStep: "Give the options that it was begun with.");
        }

        for (int i = 0; i < training.Names.Count; i++)
        {
            ParameterTensor tensor = training.Weights.Layout.Tensors[i];
            WeightView stored = file.Matrix(training.Names[i], tensor.Rows, tensor.Columns);
            for (int row = 0; row < tensor.Rows; row++)
            {
                WeightValues.Widen(stored, row, training.Weights[tensor][row]);
            }
        }

        return double.TryParse(file.Metadata.GetValueOrDefault(SecondsKey), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double seconds) ? seconds : 0;
    }
}
