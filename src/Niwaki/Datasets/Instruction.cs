namespace Niwaki.Datasets;

/// <summary>An instruction with its answer, as the Alpaca data set has them (Taori et al., 2023).</summary>
/// <param name="Task">Field <c>instruction</c>.</param>
/// <param name="Input">Field <c>input</c>: what the instruction is about; empty where it has none.</param>
/// <param name="Output">Field <c>output</c>: the answer.</param>
public readonly record struct Instruction(string Task, string Input, string Output)
{
    /// <summary>The prompt, everything in front of the answer, with the template of Alpaca.</summary>
    public string Prompt => Input.Length == 0
        ? "Below is an instruction that describes a task. Write a response that appropriately completes the request.\n\n"
            + $"### Instruction:\n{Task}\n\n### Response:\n"
        : "Below is an instruction that describes a task, paired with an input that provides further context. Write a response that appropriately completes the "
            + $"request.\n\n### Instruction:\n{Task}\n\n### Input:\n{Input}\n\n### Response:\n";
}
