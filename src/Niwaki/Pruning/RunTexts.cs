using System.Runtime.InteropServices;
using Niwaki.Datasets;
using Niwaki.Formats;
using Niwaki.Generation;
using Niwaki.Models;
using Niwaki.Numerics;
using Niwaki.Pruning.Decisions;
using Niwaki.Runs;
using Niwaki.Tokenizers;

namespace Niwaki.Pruning;

/// <summary>The token windows of a run: those that decide, and those that measure. Never the same text.</summary>
internal sealed class RunTexts
{
    /// <summary>Separates the randomness of the two self-written texts and of the windows drawn from a file.</summary>
    private const long CalibrationStream = 1;
    private const long EvaluationStream = 2;

    /// <summary>Tokens from which on two windows are not equal by chance: shorter ones are, where a vocabulary is small.</summary>
    private const int LeastShared = 16;

    /// <summary>Different tokens from which on a window is no loop: a model that repeats itself writes the same ones by chance.</summary>
    private const int LeastDistinct = 8;

    private RunTexts(int[][] calibration, int[][] evaluation, long writtenTokens)
    {
        Calibration = calibration;
        Evaluation = evaluation;
        WrittenTokens = writtenTokens;
    }

    /// <summary>Windows that every sub-model is judged on.</summary>
    public int[][] Calibration { get; }

    /// <summary>Windows that the model is measured on before and after.</summary>
    public int[][] Evaluation { get; }

    /// <summary>Tokens of the calibration text that the model wrote itself, each a pass of its own.</summary>
    public long WrittenTokens { get; }

    /// <summary>Takes the windows from the run folder, or makes them and puts them there.</summary>
    public static RunTexts ReadOrMake(
        RunFolder folder, Transformer model, Tokenizer tokenizer, PruningRunOptions options, CancellationToken cancellationToken)
    {
        Recipe recipe = folder.Recipe;
        int vocabulary = model.Config.VocabularySize;
        Func<long, IProgress<long>?> Stage(string name) => tokens => options.Progress is { } progress ? new StageProgress(progress, name, tokens) : null;

        // The evaluation text first: a file that is missing shows before the model has spent time on writing.
        RecordedWindows evaluation = ReadOrMake(folder.EvaluationPath, vocabulary, () =>
        {
            options.Progress?.Report(new PruningProgress("evaluation text", 0));
            int window = Math.Min(recipe.Evaluation.Window, model.Config.ContextLength);
            return recipe.Evaluation.Source == TextSource.File
                ? EvaluationFile(recipe, window, model, tokenizer)
                : Write(recipe, model, recipe.Evaluation.Windows ?? EvaluationOptions.DefaultSelfWindows, window, EvaluationStream, Stage("evaluation text"), cancellationToken);
        });
        RecordedWindows calibration = ReadOrMake(folder.CalibrationPath, vocabulary, () =>
        {
            options.Progress?.Report(new PruningProgress("calibration text", 0));
            RecordedWindows made = recipe.Calibration.Source == TextSource.File
                ? FromFile(recipe, model, tokenizer)
                : Write(recipe, model, recipe.Calibration.Windows * recipe.CalibrationSetCount, recipe.Calibration.Window, CalibrationStream, Stage("calibration text"), cancellationToken);

            // Before the text is kept: what a resumed run finds in its folder has passed.
            ThrowIfShared(recipe, made.Windows, evaluation.Windows);
            return made;
        });
        long written = calibration.Source == TextSource.Self ? calibration.Windows.Sum(window => (long)window.Length) : 0;
        return new RunTexts(calibration.Windows, evaluation.Windows, written);
    }

    private static RecordedWindows ReadOrMake(string path, int vocabulary, Func<RecordedWindows> make)
    {
        if (File.Exists(path))
        {
            return RecordedWindows.Read(path, vocabulary);
        }

        RecordedWindows made = make();
        made.Write(path);
        return made;
    }

    /// <summary>
    /// Refuses texts that have a window in common, as far as the shorter one goes. Two texts that a model writes with little chance are one, whatever their seeds.
    /// </summary>
    /// <exception cref="PruningException">A window of one begins like a window of the other, and is no loop; or every window that measures does.</exception>
    private static void ThrowIfShared(Recipe recipe, int[][] calibration, int[][] evaluation)
    {
        int length = Math.Min(calibration[0].Length, evaluation[0].Length); // windows of a text are equally long
        if (length < LeastShared)
        {
            return;
        }

        ILookup<int, int> deciding = Enumerable.Range(0, calibration.Length).ToLookup(i => HashOf(calibration[i].AsSpan(0, length)));
        int[] shared =
        [
            .. evaluation.Select(window => deciding[HashOf(window.AsSpan(0, length))]
                .FirstOrDefault(i => calibration[i].AsSpan(0, length).SequenceEqual(window.AsSpan(0, length)), -1)),
        ];
        int found = shared.Where(i => i >= 0 && calibration[i].Take(length).Distinct().Count() >= LeastDistinct).FirstOrDefault(shared.Min());
        if (found < 0)
        {
            return;
        }

        string nextStep = recipe is { Calibration.Source: TextSource.Self, Evaluation.Source: TextSource.Self }
            ? FormattableString.Invariant(
                $"Raise 'calibration.temperature', which is {recipe.Calibration.Temperature}, and 'calibration.top_p', which is {recipe.Calibration.TopP}, or give a text file.")
            : "Give another text.";
        throw new PruningException(FormattableString.Invariant(
            $"Calibration window {found + 1}: its first {length:N0} tokens are those of an evaluation window too, expected two texts that share no window: a model measured on what decided looks better than it is. {nextStep}"));
    }

    private static int HashOf(ReadOnlySpan<int> ids)
    {
        var hash = new HashCode();
        hash.AddBytes(MemoryMarshal.AsBytes(ids));
        return hash.ToHashCode();
    }

    private static RecordedWindows FromFile(Recipe recipe, Transformer model, Tokenizer tokenizer)
    {
        string file = recipe.Calibration.File!;
        int window = Math.Min(recipe.Calibration.Window, model.Config.ContextLength);
        int[] ids = Encode(recipe, model, tokenizer, file);
        var random = new SeededRandom(recipe.Seed, CalibrationStream);
        return new RecordedWindows
        {
            Source = TextSource.File,
            File = file,
            Seed = recipe.Seed,
            Windows = recipe is { CalibrationSetCount: > 1, Bonsai.CalibrationSets: CalibrationSets.Disjoint }
                ? TextWindows.SampleDisjoint(ids, window, recipe.Calibration.Windows * recipe.CalibrationSetCount, random, file)
                : TextWindows.Sample(ids, window, recipe.Calibration.Windows * recipe.CalibrationSetCount, random, file),
        };
    }

    private static RecordedWindows EvaluationFile(Recipe recipe, int window, Transformer model, Tokenizer tokenizer)
    {
        string file = recipe.Evaluation.File!;
        int[][] windows = TextWindows.NonOverlapping(Encode(recipe, model, tokenizer, file), window, recipe.Evaluation.Windows, file);
        return (long)windows.Length * window <= RecordedWindows.MaxTokens
            ? new RecordedWindows { Source = TextSource.File, File = file, Windows = windows }
            : throw new DatasetException(
                file,
                FormattableString.Invariant($"has {windows.Length:N0} windows of {window} tokens"),
                FormattableString.Invariant($"at most {RecordedWindows.MaxTokens / window:N0}, which the run folder keeps"),
                "Take the first ones with --evaluation-limit.");
    }

    private static int[] Encode(Recipe recipe, Transformer model, Tokenizer tokenizer, string file) =>
        TextTokens.Encode(tokenizer, TextFile.Read(recipe.FullPath(file)), model.Config.VocabularySize, recipe.Model!);

    private static RecordedWindows Write(
        Recipe recipe, Transformer model, int windows, int window, long stream, Func<long, IProgress<long>?> progress, CancellationToken cancellationToken)
    {
        if (model.Config.BeginOfText is { } begin && begin >= model.Config.VocabularySize)
        {
            throw new ModelFormatException(
                recipe.Model!, "'bos_token_id'", FormattableString.Invariant($"is {begin}"), FormattableString.Invariant($"below {model.Config.VocabularySize}, the 'vocab_size'"),
                nextStep: "The model cannot write its own text; give text files.");
        }

        // A seed of its own for each text, derived so that neither is the other's under a neighbouring seed.
        long seed = (long)(new SeededRandom(recipe.Seed, stream).NextBits() >> 1);
        var options = new SelfCalibrationOptions
        {
            Windows = windows,
            WindowLength = Math.Min(window, model.Config.ContextLength),
            Temperature = recipe.Calibration.Temperature,
            TopP = recipe.Calibration.TopP,
            Seed = seed,
        };
        return new RecordedWindows
        {
            Source = TextSource.Self,
            Seed = seed,
            Temperature = options.Temperature,
            TopP = options.TopP,
            Windows = SelfCalibration.Write(model, options, model.Config.EndOfText, model.Config.BeginOfText, progress((long)options.Windows * options.WindowLength), cancellationToken),
        };
    }
}
