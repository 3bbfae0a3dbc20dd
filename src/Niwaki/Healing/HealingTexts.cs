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
    private readonly Dictionary<HealingStage, TrainingExample[]> _instructions = [];
    private readonly TrainingText? _text;

    /// <summary>Reads everything that the recipe names.</summary>
    /// <exception cref="DatasetException">A text is empty, too large, too short, or no text.</exception>
    public HealingTexts(HealingRecipe recipe, Checkpoint checkpoint, ModelConfig config)
    {
        _recipe = recipe;
        var tokenizer = Tokenizer.Load(checkpoint.Folder);
        int? end = config.EndOfText is [int first, ..] ? first : null;
        foreach (HealingStage stage in recipe.Stages)
        {
            if (recipe.Gradient(stage) is { Instructions: { } path } options)
            {
                _instructions[stage] = Encode(recipe.FullPath(path), tokenizer, config, checkpoint.Folder, end ?? tokenizer.EndOfText, options.Training.Window);
            }
        }

        string? heldOut = recipe.HeldOut is { } file ? recipe.FullPath(file) : null;
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
        _instructions.TryGetValue(stage, out TrainingExample[]? examples)
            ? new InstructionExamples(examples, options.Seed)
            : Trainer.Windows(_text!.Ids, options, _text.Name);

    /// <summary>Windows of the text at random places.</summary>
    public int[][] Windows(int window, int count) => TextWindows.Sample(_text!.Ids, window, count, new SeededRandom(_recipe.Seed, 17), _text.Name);

    /// <summary>The last hundredth of the instructions, at least one, is taken away from its stage.</summary>
    private TrainingExample[] HoldOut()
    {
        (HealingStage stage, TrainingExample[] examples) = _instructions.First();
        int count = Math.Min(Math.Max(1, examples.Length / 100), _recipe.HeldOutWindows);
        if (examples.Length <= count)
        {
            throw new DatasetException(
                _recipe.Gradient(stage)!.Instructions!, $"has {examples.Length} usable instructions", "at least 2, of which one is held out", "Give more, or a text to measure on with --held-out.");
        }

        _instructions[stage] = examples[..^count];
        return examples[^count..];
    }

    /// <summary>Prompt and answer with the end of text behind it, cut at the window; the loss of the prompt does not count. What leaves nothing to predict is left out.</summary>
    private static TrainingExample[] Encode(string path, Tokenizer tokenizer, ModelConfig config, string folder, int? end, int window)
    {
        var examples = new List<TrainingExample>();
        foreach (Instruction instruction in InstructionFile.Read(path))
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
                examples.Add(example);
            }
        }

        return examples.Count > 0
            ? [.. examples]
            : throw new DatasetException(path, $"has no answer within {window} tokens of its prompt", "at least one", "Give a longer window.");
    }
}
