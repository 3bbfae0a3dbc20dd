using Niwaki.Datasets;
using Niwaki.Formats.HuggingFace;
using Niwaki.Models;
using Niwaki.Numerics;
using Niwaki.Tokenizers;
using Niwaki.Training;

namespace Niwaki.Healing;

/// <summary>What a healing trains on and what it is measured with.</summary>
internal sealed class HealingTexts
{
    private readonly HealingRecipe _recipe;
    private readonly Dictionary<HealingStage, NumberedExample[]> _instructions = [];
    private readonly TrainingText? _text;

    /// <summary>Reads everything that the recipe names.</summary>
    /// <exception cref="DatasetException">A text is empty, too large, too short, no text, or both trained and measured on.</exception>
    public HealingTexts(HealingRecipe recipe, Checkpoint checkpoint, ModelConfig config)
    {
        _recipe = recipe;
        var tokenizer = Tokenizer.Load(checkpoint.Folder);
        int? end = config.EndOfText is [int first, ..] ? first : null;
        TextTokens.CheckEnd(end ?? tokenizer.EndOfText, config.VocabularySize, checkpoint.Folder);
        string? heldOut = recipe.HeldOut is { } file ? recipe.FullPath(file) : null;
        foreach (HealingStage stage in recipe.Stages)
        {
            if (recipe.Gradient(stage) is { Instructions: { } path } options)
            {
                TrainingText.ThrowIfTrainedOn([recipe.FullPath(path)], heldOut);
                _instructions[stage] = Encode(recipe.FullPath(path), tokenizer, config, checkpoint.Folder, end ?? tokenizer.EndOfText, options.Training.Window);
            }
        }

        if (recipe.Text is { } text && (recipe.NeedsText || heldOut is null))
        {
            _text = TrainingText.Read(
                tokenizer, checkpoint.Folder, config.VocabularySize, end, [recipe.FullPath(text)], heldOut, recipe.HeldOutWindow, recipe.HeldOutWindows);
            HeldOut = [.. _text.HeldOut.Select(window => new TrainingExample(window))];
        }
        else if (heldOut is not null)
        {
            int[] ids = TextTokens.EncodeAll(tokenizer, TextCollection.Read(heldOut), config.VocabularySize, checkpoint.Folder, end ?? tokenizer.EndOfText);
            HeldOut = [.. TextWindows.NonOverlapping(ids, recipe.HeldOutWindow, recipe.HeldOutWindows, heldOut).Select(window => new TrainingExample(window))];
        }
        else
        {
            HeldOut = HoldOut();
        }
    }

    /// <summary>What the model is measured with: nothing of it is trained on.</summary>
    public IReadOnlyList<TrainingExample> HeldOut { get; }

    /// <summary>What a stage trains on.</summary>
    public ITrainingExamples Of(HealingStage stage, TrainingOptions options) =>
        _instructions.TryGetValue(stage, out NumberedExample[]? examples)
            ? new InstructionExamples([.. examples.Select(each => each.Example)], options.Seed)
            : Trainer.Windows(_text!.Ids, options, _text.Name);

    /// <summary>Windows of the text at random places.</summary>
    public int[][] Windows(int window, int count) => TextWindows.Sample(_text!.Ids, window, count, new SeededRandom(_recipe.Seed, 17), _text.Name);

    /// <summary>The last hundredth of the instructions of the first stage that has any, at least one, is taken away from every stage that reads the same file.</summary>
    private TrainingExample[] HoldOut()
    {
        (HealingStage stage, NumberedExample[] examples) = _instructions.First();
        string path = _recipe.Gradient(stage)!.Instructions!;
        int count = Math.Min(Math.Max(1, examples.Length / 100), _recipe.HeldOutWindows);
        NumberedExample[] heldOut = examples[^Math.Min(count, examples.Length)..];
        foreach (HealingStage other in _instructions.Keys.Where(other => _recipe.FullPath(_recipe.Gradient(other)!.Instructions!) == _recipe.FullPath(path)))
        {
            _instructions[other] = [.. _instructions[other].Where(each => each.Number < heldOut[0].Number)];
            if (_instructions[other].Length == 0)
            {
                throw new DatasetException(
                    path, $"has {examples.Length} usable instructions", "at least 2, of which one is held out", "Give more, or a text to measure on with --held-out.");
            }
        }

        return [.. heldOut.Select(each => each.Example)];
    }

    /// <summary>Prompt and answer with the end of text behind it, cut at the window; the loss of the prompt does not count. What leaves nothing to predict is left out.</summary>
    private static NumberedExample[] Encode(string path, Tokenizer tokenizer, ModelConfig config, string folder, int? end, int window)
    {
        var examples = new List<NumberedExample>();
        foreach ((int number, Instruction instruction) in InstructionFile.Read(path).Index())
        {
            int[] whole = TextTokens.Encode(tokenizer, instruction.Prompt + instruction.Output, config.VocabularySize, folder);
            int[] prompt = TextTokens.Encode(tokenizer, instruction.Prompt, config.VocabularySize, folder);
            int given = prompt.Length > 0 && prompt[^1] == end ? prompt.Length - 1 : prompt.Length;
            if (whole.Length < window && end is { } id && whole.LastOrDefault(-1) != id)
            {
                whole = [.. whole, id];
            }

            var example = new TrainingExample(whole.Length > window ? whole[..window] : whole, Math.Max(1, given));
            if (example.Scored > 0)
            {
                examples.Add(new NumberedExample(number, example));
            }
        }

        return examples.Count > 0
            ? [.. examples]
            : throw new DatasetException(path, $"has no answer within {window} tokens of its prompt", "at least one", "Give a longer window.");
    }

    /// <summary>An example and the number of its instruction in the file, which stages with windows of different length agree on.</summary>
    private sealed record NumberedExample(int Number, TrainingExample Example);
}
