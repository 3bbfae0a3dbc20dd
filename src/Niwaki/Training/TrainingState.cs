using System.Globalization;
using System.Runtime.InteropServices;
using Niwaki.Formats;
using Niwaki.Formats.Safetensors;
using Niwaki.Kernels;
using Niwaki.Tensors;

namespace Niwaki.Training;

/// <summary>The file from which a training goes on to the same bits: trained weights, both moments and the number of steps, as safetensors.</summary>
/// <remarks>It is written beside its place and renamed when it is whole; the one before stays until then, whatever happens.</remarks>
public static class TrainingState
{
    /// <summary>Its usual name.</summary>
    public const string FileName = "training-state.safetensors";

    private const string StepKey = "niwaki_step";
    private const string OptionsKey = "niwaki_options";
    private const string TextKey = "niwaki_text";
    private const string BaseKey = "niwaki_base";
    private const string TokensKey = "niwaki_tokens";
    private const string SecondsKey = "niwaki_seconds";
    private static readonly string[] MayChange = ["rate", "warm-up", "final share", "clip"];
    private static readonly string[] Prefixes = ["weights.", "first_moment.", "second_moment."];

    /// <summary>Writes the state of a training.</summary>
    /// <param name="path">The file; its folder exists.</param>
    /// <param name="trainer">The training, between two steps.</param>
    /// <param name="start">Tells the model that the training began with from others; empty: it does not matter.</param>
    /// <param name="seconds">Time that its steps took so far.</param>
    /// <exception cref="IOException">The disk is full, or the file cannot be replaced; the one before is still there.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder may not be written.</exception>
    public static void Save(string path, Trainer trainer, string start = "", double seconds = 0)
    {
        ArgumentNullException.ThrowIfNull(trainer);
        IReadOnlyList<ParameterTensor> tensors = trainer.Model.Trained.Tensors;
        var planned = new List<PlannedTensor>();
        var sources = new Dictionary<string, TensorView<float>>(StringComparer.Ordinal);
        foreach ((string prefix, Func<ParameterTensor, TensorView<float>> part) in Parts(trainer))
        {
            foreach (ParameterTensor tensor in tensors)
            {
                planned.Add(new PlannedTensor(prefix + tensor.Name, ElementType.F32, tensor.Rows, tensor.Columns));
                sources.Add(prefix + tensor.Name, part(tensor));
            }
        }

        var metadata = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            [StepKey] = trainer.Optimizer.Step.ToString(CultureInfo.InvariantCulture),
            [OptionsKey] = trainer.Fingerprint,
            [TextKey] = trainer.TextHash,
            [BaseKey] = start,
            [TokensKey] = trainer.TokensSeen.ToString(CultureInfo.InvariantCulture),
            [SecondsKey] = seconds.ToString("F2", CultureInfo.InvariantCulture),
        };
        new SafetensorsWriter(planned, metadata).Write(path, (tensor, stream) =>
        {
            TensorView<float> view = sources[tensor.Name];
            for (int row = 0; row < view.Rows; row++)
            {
                stream.Write(MemoryMarshal.AsBytes(view[row]));
            }
        });
    }

    /// <summary>Takes up the state of a training.</summary>
    /// <param name="path">The file.</param>
    /// <param name="trainer">A training of the same model, text and options; its weights, moments and number of steps are replaced.</param>
    /// <param name="start">Tells the model that the training began with from others; empty: it does not matter.</param>
    /// <returns>
    /// What is "rate 0.001" in the state and other now, and the same of warm-up, final share and clipping: how steps are taken, which may change on the way when a loss
    /// exploded. Empty: the training goes on to the same bits.
    /// </returns>
    /// <exception cref="ModelFormatException">The file is broken, or belongs to another model, text or other options. The training is as before.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static IReadOnlyList<string> Load(string path, Trainer trainer, string start = "")
    {
        ArgumentNullException.ThrowIfNull(trainer);
        ArgumentNullException.ThrowIfNull(start);
        using SafetensorsFile file = SafetensorsFile.Open(path);
        long step = ReadStep(file, path, trainer.Options.Steps);
        IReadOnlyList<string> changes = CompareOptions(path, file.Metadata.GetValueOrDefault(OptionsKey, "missing"), trainer.Fingerprint);
        Compare(file, path, TextKey, "text", trainer.TextHash, "Give the texts and the tokenizer that the training was begun with.");
        if (start.Length > 0)
        {
            Compare(file, path, BaseKey, "model", start, "Give the model that the training was begun with, and the dense one if it had one beside it.");
        }

        IReadOnlyList<ParameterTensor> tensors = trainer.Model.Trained.Tensors;
        foreach ((string prefix, _) in Parts(trainer))
        {
            foreach (ParameterTensor tensor in tensors)
            {
                if (file.Find(prefix + tensor.Name) is not { ElementType: ElementType.F32 } entry || !entry.Shape.SequenceEqual([tensor.Rows, tensor.Columns]))
                {
                    throw new ModelFormatException(
                        path,
                        $"tensor '{prefix}{tensor.Name}'",
                        file.Find(prefix + tensor.Name) is { } found ? $"is {found}" : "is missing",
                        FormattableString.Invariant($"F32 [{tensor.Rows}, {tensor.Columns}]"),
                        nextStep: "The state belongs to another model.");
                }
            }
        }

        foreach ((string prefix, Func<ParameterTensor, TensorView<float>> part) in Parts(trainer))
        {
            foreach (ParameterTensor tensor in tensors)
            {
                WeightView stored = file.Matrix(prefix + tensor.Name, tensor.Rows, tensor.Columns);
                for (int row = 0; row < tensor.Rows; row++)
                {
                    WeightValues.Widen(stored, row, part(tensor)[row]);
                }
            }
        }

        trainer.Optimizer.Step = step;
        trainer.SecondsBefore = double.TryParse(file.Metadata.GetValueOrDefault(SecondsKey), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double seconds)
            ? seconds
            : 0;
        trainer.TokensSeen = long.TryParse(file.Metadata.GetValueOrDefault(TokensKey), NumberStyles.None, CultureInfo.InvariantCulture, out long tokens)
            ? tokens
            : step * trainer.Options.TokensPerStep; // states of versions that only saw windows of a text
        return changes;
    }

    private static (string Prefix, Func<ParameterTensor, TensorView<float>> Part)[] Parts(Trainer trainer) =>
    [
        (Prefixes[0], tensor => trainer.Model[tensor]),
        (Prefixes[1], tensor => trainer.Optimizer.FirstMoment[tensor]),
        (Prefixes[2], tensor => trainer.Optimizer.SecondMoment[tensor]),
    ];

    private static long ReadStep(SafetensorsFile file, string path, long steps)
    {
        string text = file.Metadata.GetValueOrDefault(StepKey, "missing");
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long step) && step <= steps
            ? step
            : throw new ModelFormatException(
                path, $"metadata '{StepKey}'", $"is {MessageText.Shown(text)}", FormattableString.Invariant($"a number of steps up to {steps}"), nextStep: "Is it the state of this training?");
    }

    /// <summary>Options of the state that are others now and may be; others that differ are an error that names them.</summary>
    private static string[] CompareOptions(string path, string found, string expected)
    {
        string[] before = found.Split(", "), now = expected.Split(", ");
        string[] former = [.. before.Except(now, StringComparer.Ordinal)];
        bool Fixed(string option) => !MayChange.Any(name => option.StartsWith(name + " ", StringComparison.Ordinal));
        if (former.Any(Fixed) || before.Length != now.Length)
        {
            throw new ModelFormatException(
                path,
                "options",
                $"of the training are {MessageText.Shown(string.Join(", ", former.Where(Fixed)))}",
                string.Join(", ", now.Except(before, StringComparer.Ordinal).Where(Fixed)),
                nextStep: "Give the options that the training was begun with.");
        }

        return former;
    }

    private static void Compare(SafetensorsFile file, string path, string key, string what, string expected, string nextStep)
    {
        string found = file.Metadata.GetValueOrDefault(key, "missing");
        if (found != expected)
        {
            throw new ModelFormatException(path, what, $"of the training has the hash {MessageText.Shown(found)}", expected, nextStep: nextStep);
        }
    }
}
