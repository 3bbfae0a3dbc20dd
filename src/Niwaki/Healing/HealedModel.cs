using System.Globalization;
using Niwaki.Formats;
using Niwaki.Formats.HuggingFace;
using Niwaki.Formats.Safetensors;
using Niwaki.Kernels;
using Niwaki.Tensors;

namespace Niwaki.Healing;

/// <summary>Writes a model folder in which some tensors of another one have new values.</summary>
internal static class HealedModel
{
    /// <summary>Writes config, weights, tokenizer files and a model card; the folder appears whole.</summary>
    /// <remarks>Every tensor keeps its element type: new values are rounded to nearest, the bits of the others are copied.</remarks>
    /// <param name="folder">The new model folder; nothing is there yet.</param>
    /// <param name="source">The model that was healed.</param>
    /// <param name="values">New values of a tensor, [rows, columns] or [1, length]; null: it stays.</param>
    /// <param name="card">Gives the text of the model card, told where the rest of the model lies before it gets its name.</param>
    /// <exception cref="IOException">The disk is full, or something is at the target.</exception>
    public static void Write(string folder, Checkpoint source, Func<string, TensorView<float>?> values, Func<string, string> card) => NewFolder.Build(folder, target =>
    {
        source.Config.WithoutRemoteCode().WriteTo(Path.Combine(target, ModelFolder.ConfigName));
        source.CopySideFiles(target);
        var writer = new CheckpointWriter([.. source.Tensors.Select(tensor => PlannedTensor.CopyOf(tensor))]);
        writer.Write(target, (planned, stream) =>
        {
            if (values(planned.Name) is not { } view)
            {
                source.CopyTensor(planned.Name, stream);
                return;
            }

            ElementType type = source.Find(planned.Name)!.ElementType!.Value;
            byte[] bytes = new byte[view.Columns * type.SizeInBytes()];
            for (int row = 0; row < view.Rows; row++)
            {
                WeightValues.Narrow(view[row], type, bytes);
                stream.Write(bytes);
            }
        });
        AtomicFile.WriteAllText(Path.Combine(target, "README.md"), card(target));
    });

    /// <summary>The model card.</summary>
    public static string Card(HealingRecipe recipe, double before, double after) => string.Create(CultureInfo.InvariantCulture, $"""
        ---
        pipeline_tag: text-generation
        tags:
        - niwaki
        - pruned
        - healed
        ---

        # A pruned model, healed

        Healed by Niwaki with the stages {string.Join(", ", recipe.Stages.Select(HealingSchema.NameOf))}. Held-out loss {before:F4} nats per token before,
        {after:F4} after.

        """);
}
