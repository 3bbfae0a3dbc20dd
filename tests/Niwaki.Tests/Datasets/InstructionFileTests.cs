using Niwaki.Datasets;
using Niwaki.Formats;
using Niwaki.Tests.Formats;

namespace Niwaki.Tests.Datasets;

public sealed class InstructionFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("a.jsonl", "{\"instruction\": \"Count.\", \"input\": \"1 2\", \"output\": \"3\", \"more\": 1}\n\n{\"instruction\": \"Say hello.\", \"output\": \"Hello.\"}\n")]
    [InlineData("a.json", "[{\"instruction\": \"Count.\", \"input\": \"1 2\", \"output\": \"3\", \"more\": 1}, {\"instruction\": \"Say hello.\", \"output\": \"Hello.\"}]")]
    public void Read_LinesOrArray_GivesInstructionsInOrder(string name, string text) =>
        Assert.Equal([new Instruction("Count.", "1 2", "3"), new Instruction("Say hello.", "", "Hello.")], InstructionFile.Read(_folder.Write(name, text)));

    // The template of the Alpaca data set, with and without an input.
    [Fact]
    public void Prompt_WithAndWithoutInput_IsThatOfAlpaca()
    {
        Assert.Equal(
            "Below is an instruction that describes a task, paired with an input that provides further context. Write a response that appropriately completes the request.\n\n"
            + "### Instruction:\nCount.\n\n### Input:\n1 2\n\n### Response:\n",
            new Instruction("Count.", "1 2", "3").Prompt);
        Assert.Equal(
            "Below is an instruction that describes a task. Write a response that appropriately completes the request.\n\n### Instruction:\nSay hello.\n\n### Response:\n",
            new Instruction("Say hello.", "", "Hello.").Prompt);
    }

    [Theory]
    [InlineData("a.jsonl", "{\"instruction\": \"a\", \"output\": \"b\"}\n{\"text\": \"a\"}", "line 2", "no text 'instruction'")]
    [InlineData("a.jsonl", "{\"instruction\": \"a\", \"output\": 3}", "line 1", "no text 'output'")]
    [InlineData("a.jsonl", "{\"instruction\": \"\\ud800\", \"output\": \"b\"}", "line 1", "is no JSON")]
    [InlineData("a.jsonl", "{\"instruction\": \"a\", \"output\": \"b\", \"output\": \"c\"}", "line 1", "is no JSON")]
    [InlineData("a.jsonl", "{broken", "line 1", "is no JSON")]
    [InlineData("a.jsonl", "\n \n", "a.jsonl", "holds no instruction")]
    [InlineData("a.json", "{\"instruction\": \"a\"}", "a.json", "holds Object")]
    [InlineData("a.json", "[3]", "element 0", "no text 'instruction'")]
    public void Read_SomethingElse_SaysWhere(string name, string text, string place, string found)
    {
        DatasetException exception = Assert.Throws<DatasetException>(() => InstructionFile.Read(_folder.Write(name, text)));
        Assert.Contains(place, exception.Message, StringComparison.Ordinal);
        Assert.Contains(found, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_BrokenArray_NamesTheByte() =>
        Assert.Contains("byte", Assert.Throws<ModelFormatException>(() => InstructionFile.Read(_folder.Write("a.json", "[{]"))).Message, StringComparison.Ordinal);
}
