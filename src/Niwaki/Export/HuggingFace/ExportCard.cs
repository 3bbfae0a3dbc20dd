using Niwaki.Formats;
using Niwaki.Formats.HuggingFace;
using Niwaki.Models;
using Niwaki.Plans;

namespace Niwaki.Export.HuggingFace;

/// <summary>The README.md of an exported folder: what it is and what a user types to run it.</summary>
internal static class ExportCard
{
    /// <summary>Name of the file.</summary>
    public const string FileName = "README.md";

    /// <summary>The text.</summary>
    /// <param name="export">The folder.</param>
    /// <param name="source">The model.</param>
    /// <param name="config">Its config.</param>
    public static string Text(HuggingFaceExport export, Checkpoint source, ModelConfig config)
    {
        string name = MessageText.Shown(Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(source.Folder)))).Replace('`', '\'');
        var rule = ProfileRule.Of(export.Profile);
        return $"""
            ---
            library_name: transformers
            pipeline_tag: text-generation
            tags:
            - niwaki
            - pruned
            ---

            # {name}, profile {rule.Name}

            A pruned `{config.Architecture.ModelType}` model written by Niwaki in the shapes of its profile `{rule.Name}`; `model_type` is `{export.ModelType}`.
            {(export.IsPadded ? "Heads and neurons that the profile needs and the model does not have are zeros. " : "")}Runs on: {rule.Runtimes}.

            {Usage(export.Profile)}

            """.ReplaceLineEndings("\n");
    }

    private static string Usage(ShapeProfile profile) => profile switch
    {
        ShapeProfile.HeteroHf => """
            ```python
            from transformers import AutoModelForCausalLM, AutoTokenizer
            model = AutoModelForCausalLM.from_pretrained("FOLDER", trust_remote_code=True)
            tokenizer = AutoTokenizer.from_pretrained("FOLDER")
            ids = tokenizer("Once upon a time", return_tensors="pt").input_ids
            print(tokenizer.decode(model.generate(ids, max_new_tokens=40)[0]))
            ```

            `trust_remote_code` runs `modeling_niwaki.py` and `configuration_niwaki.py` of this folder, two short files that import torch and transformers only:
            read them first.
            """,
        ShapeProfile.NemotronNas => """
            ```sh
            vllm serve FOLDER --trust-remote-code
            python -m sglang.launch_server --model-path FOLDER --trust-remote-code
            mlx_lm.generate --model FOLDER --prompt "Once upon a time"
            ```

            The flag lets `configuration_decilm.py` turn `block_configs` into objects; the model code is that of the runtime.
            """,
        _ => """
            ```python
            from transformers import AutoModelForCausalLM, AutoTokenizer
            model = AutoModelForCausalLM.from_pretrained("FOLDER")
            ```

            ```sh
            vllm serve FOLDER
            ```
            """,
    };
}
