using Niwaki.Evaluation.Likelihood;
using Niwaki.Tokenizers.Chat;

namespace Niwaki.Evaluation.Tasks;

/// <summary>How instruction, description, examples and question become a prompt: as plain text, or as a conversation in the model's own format.</summary>
/// <remarks>
/// As lm-evaluation-harness writes them. A conversation begins with a message of the system, from instruction and description, where there is any of them; examples are
/// turns of user and assistant, or stand as text in front of the question. It ends where the assistant begins to answer, and the answers of multiple-choice tasks
/// follow without the blank that stands in front of them otherwise. A template that refuses messages of the system gets the conversation without.
/// </remarks>
/// <param name="template">The model's template; null: plain text.</param>
/// <param name="instruction">Text in front of the description of the task; null: none.</param>
/// <param name="hasTurns">Whether examples of a conversation are turns of their own.</param>
public sealed class PromptFormat(ChatTemplate? template = null, string? instruction = null, bool hasTurns = true)
{
    /// <summary>The template; null: plain text.</summary>
    public ChatTemplate? Template { get; } = template;

    /// <summary>Text in front of the description of the task; null: none.</summary>
    public string? Instruction { get; } = instruction;

    /// <summary>Whether examples are turns of a conversation.</summary>
    public bool HasTurns { get; } = hasTurns && template is not null;

    /// <summary>What the template said to a message of the system that was then left out; null: it took all of them so far.</summary>
    public string? Refusal { get; private set; }

    /// <summary>Writes the requests of a document.</summary>
    /// <param name="task">The task.</param>
    /// <param name="examples">Examples in front.</param>
    /// <param name="item">The document.</param>
    /// <exception cref="ChatTemplateException">The template refuses the conversation, or fails on it.</exception>
    public IReadOnlyList<TaskPrompt> Write(TaskDefinition task, IReadOnlyList<TaskExample> examples, TaskItem item)
    {
        ArgumentNullException.ThrowIfNull(task);
        ArgumentNullException.ThrowIfNull(examples);
        ArgumentNullException.ThrowIfNull(item);
        string system = Join(Instruction ?? "", task.Description);
        var contexts = item.Prompts.Select(prompt => prompt.Context).Distinct().ToDictionary(
            question => question,
            question => Template is null ? system + Text(examples) + question : Conversation(Template, system, examples, question));
        int dropped = Template is not null && task.Output == TaskOutput.MultipleChoice ? TaskExample.Delimiter.Length : 0;
        return [.. item.Prompts.Select(prompt => new TaskPrompt(contexts[prompt.Context], prompt.Continuation[dropped..]))];
    }

    /// <summary>An empty line between the two, unless one of them brings white space along.</summary>
    private static string Join(string instruction, string description) =>
        instruction.Length == 0 || description.Length == 0 || PythonText.IsSpace(instruction[^1]) || PythonText.IsSpace(description[0])
            ? instruction + description
            : instruction + TaskExample.Separator + description;

    private static string Text(IReadOnlyList<TaskExample> examples) => string.Concat(examples.Select(example => example.Text));

    private string Conversation(ChatTemplate template, string system, IReadOnlyList<TaskExample> examples, string question)
    {
        ChatMessage[] messages = HasTurns
            ? [.. examples.SelectMany(example => (ChatMessage[])[new("user", example.Question), new("assistant", example.Answer)]), new("user", question)]
            : [new("user", Text(examples) + question)];
        if (system.Length == 0)
        {
            return template.Apply(messages, addGenerationPrompt: true);
        }

        try
        {
            return template.Apply([new("system", system), .. messages], addGenerationPrompt: true);
        }
        catch (ChatTemplateException refusal)
        {
            string without = template.Apply(messages, addGenerationPrompt: true);
            Refusal ??= refusal.Message;
            return without;
        }
    }
}
