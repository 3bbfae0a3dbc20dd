using System.Text.Json.Nodes;
using Niwaki.Datasets.Benchmarks;
using Niwaki.Evaluation.Tasks;
using Niwaki.Tokenizers.Chat;

namespace Niwaki.Tests.Evaluation.Tasks;

/// <summary>Whole prompts, written by hand from the protocol of lm-evaluation-harness.</summary>
public sealed class PromptFormatTests
{
    private const string ChatMl =
        "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";

    private const string BoolQ = """{"passage": "Cats purr.", "question": "do cats purr", "label": 1}""";
    private const string Mmlu = """{"question": "What is 2 + 2?", "choices": ["3", "4", "5", "6"], "answer": 1}""";
    private const string Gsm8k = """{"question": "1 + 1?", "answer": "It is <<1+1=2>>2.\n#### 2"}""";

    [Fact]
    public void Write_MultipleChoice_AnswersFollowTheOpeningWithoutBlank()
    {
        const string Context = "<|im_start|>user\nCats purr.\nQuestion: do cats purr?\nAnswer:<|im_end|>\n<|im_start|>assistant\n";

        AssertPrompts(Write(Chat(), "boolq", BoolQ), (Context, "no"), (Context, "yes"));
    }

    /// <summary>The description is a message of the system, with its empty line; the example a turn, its answer without the blank.</summary>
    [Fact]
    public void Write_DescriptionAndExample_SystemAndTurns()
    {
        const string Context =
            """
            <|im_start|>system
            The following are multiple choice questions (with answers) about anatomy.

            <|im_end|>
            <|im_start|>user
            What is 2 + 2?
            A. 3
            B. 4
            C. 5
            D. 6
            Answer:<|im_end|>
            <|im_start|>assistant
            B<|im_end|>
            <|im_start|>user
            What is 2 + 2?
            A. 3
            B. 4
            C. 5
            D. 6
            Answer:<|im_end|>
            <|im_start|>assistant

            """;

        AssertPrompts(Write(Chat(), "mmlu_anatomy", Mmlu, 1), (Context, "A"), (Context, "B"), (Context, "C"), (Context, "D"));
    }

    [Fact]
    public void Write_Generation_ExamplesAsTurns()
    {
        const string Context =
            """
            <|im_start|>system
            Think.<|im_end|>
            <|im_start|>user
            Question: 1 + 1?
            Answer:<|im_end|>
            <|im_start|>assistant
            It is <<1+1=2>>2.
            #### 2<|im_end|>
            <|im_start|>user
            Question: 1 + 1?
            Answer:<|im_end|>
            <|im_start|>assistant
            It is <<1+1=2>>2.
            #### 2<|im_end|>
            <|im_start|>user
            Question: 1 + 1?
            Answer:<|im_end|>
            <|im_start|>assistant

            """;

        AssertPrompts(Write(Chat("Think."), "gsm8k", Gsm8k, 2), (Context, ""));
    }

    /// <summary>One message of the user, in which the examples stand as in plain text.</summary>
    [Fact]
    public void Write_NoTurns_ExamplesInOneMessage()
    {
        const string Context =
            """
            <|im_start|>user
            Question: 1 + 1?
            Answer: It is <<1+1=2>>2.
            #### 2

            Question: 1 + 1?
            Answer:<|im_end|>
            <|im_start|>assistant

            """;

        AssertPrompts(Write(new PromptFormat(ChatTemplate.Parse(ChatMl), hasTurns: false), "gsm8k", Gsm8k, 1), (Context, ""));
    }

    /// <summary>Each option makes a conversation of its own; the rest of the sentence is what the assistant says.</summary>
    [Fact]
    public void Write_WinoGrande_AConversationForEachOption()
    {
        static string Context(string option) =>
            "<|im_start|>user\nThe cup was full so the cup<|im_end|>\n<|im_start|>assistant\nran over.<|im_end|>\n"
            + $"<|im_start|>user\nThe cup was full so {option}<|im_end|>\n<|im_start|>assistant\n";

        AssertPrompts(
            Write(Chat(), "winogrande", """{"sentence": "The cup was full so _ ran over.", "option1": "the cup", "option2": "the sink", "answer": "1"}""", 1),
            (Context("the cup"), "ran over."),
            (Context("the sink"), "ran over."));
    }

    /// <summary>A word that is scored alone keeps the blank in front, as the task has it.</summary>
    [Fact]
    public void Write_Lambada_KeepsTheBlank() => AssertPrompts(
        Write(Chat(), "lambada_openai", """{"text": "He shut the old door"}"""), ("<|im_start|>user\nHe shut the old<|im_end|>\n<|im_start|>assistant\n", " door"));

    [Fact]
    public void Write_PlainText_InstructionDescriptionExamplesQuestion()
    {
        const string Question = "What is 2 + 2?\nA. 3\nB. 4\nC. 5\nD. 6\nAnswer:";
        const string Description = "The following are multiple choice questions (with answers) about anatomy.\n\n";

        Assert.Equal($"Think.\n\n{Description}{Question} B\n\n{Question}", Write(new PromptFormat(null, "Think."), "mmlu_anatomy", Mmlu, 1)[0].Context);
        Assert.Equal($"Think. {Description}{Question}", Write(new PromptFormat(null, "Think. "), "mmlu_anatomy", Mmlu)[0].Context); // it brings its white space
        Assert.Equal("Think.Question: 1 + 1?\nAnswer:", Write(new PromptFormat(null, "Think."), "gsm8k", Gsm8k)[0].Context); // nothing stands between
        Assert.Equal(" A", Write(new PromptFormat(), "mmlu_anatomy", Mmlu)[0].Continuation);
    }

    /// <summary>The template of Gemma has no messages of the system.</summary>
    [Fact]
    public void Write_TemplateThatRefusesTheSystem_WithoutAndSaysSo()
    {
        var format = new PromptFormat(
            ChatTemplate.Parse("{% if messages[0].role == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}{{ messages | length }} {{ messages[0].role }}"), "Think.");

        Assert.Equal("1 user", Write(format, "boolq", BoolQ)[0].Context);
        Assert.Contains("System role not supported", format.Refusal, StringComparison.Ordinal);
    }

    [Fact]
    public void Write_TemplateThatFails_Throws()
    {
        var format = new PromptFormat(ChatTemplate.Parse("{{ raise_exception('no users here') }}"), "Think.");

        Assert.Contains("no users here", Assert.Throws<ChatTemplateException>(() => Write(format, "boolq", BoolQ)).Message, StringComparison.Ordinal);
        Assert.Null(format.Refusal);
    }

    /// <summary>The template of Llama 3.1, which writes the begin-of-text token itself.</summary>
    [Fact]
    public void Write_Llama_PromptToTheLetter()
    {
        ChatTemplate template = ChatTemplate.Read(RepositoryFiles.SharedOrSkip("tokenizers", "llama3.1"))!;

        Assert.Equal(
            "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nThink.<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nQuestion: What burns?\nAnswer:<|eot_id|>"
            + "<|start_header_id|>assistant<|end_header_id|>\n\nwood<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nQuestion: What burns?\nAnswer:<|eot_id|>"
            + "<|start_header_id|>assistant<|end_header_id|>\n\n",
            Write(
                new PromptFormat(template, "Think."), "arc_easy", """{"question": "What burns?", "choices": {"text": ["stone", "wood"], "label": ["A", "B"]}, "answerKey": "B"}""", 1)[0].Context);
    }

    private static PromptFormat Chat(string? instruction = null) => new(ChatTemplate.Parse(ChatMl), instruction);

    /// <summary>The requests of a row, with the row itself as each of the examples.</summary>
    private static IReadOnlyList<TaskPrompt> Write(PromptFormat format, string name, string row, int examples = 0)
    {
        TaskDefinition task = HarnessTasks.Find(name).Single();
        TaskItem item = task.Read(new TableRow(JsonNode.Parse(row)!.AsObject(), "row"));
        return format.Write(task, [.. Enumerable.Repeat(item.Example, examples)], item);
    }

    private static void AssertPrompts(IReadOnlyList<TaskPrompt> found, params (string, string)[] expected) =>
        Assert.Equal(expected, found.Select(prompt => (prompt.Context, prompt.Continuation)));
}
