namespace Niwaki.Tests.Export.HuggingFace;

/// <summary>Exported folders run by software that is not ours: the remote code on torch, the stock classes on a plain-torch reference of them.</summary>
public sealed class PythonTests(PythonRun run) : IClassFixture<PythonRun>
{
    public static TheoryData<string> Names { get; } = new(ExportCase.All.Select(item => item.Name));

    [Theory]
    [MemberData(nameof(Names))]
    public void VerifyHf_ExportedFolder_SameLogits(string name)
    {
        string? line = run.LineOf(name);
        Assert.SkipWhen(line is null, "No Python with torch was found. Debian: apt-get install python3-torch.");
        Assert.StartsWith("ok ", line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("llama-uniform")]
    [InlineData("qwen2-hetero-hf")]
    [InlineData("llama-nemotron-nas")]
    public void VerifyHf_LogitsOfAnotherModel_Fails(string name)
    {
        string? line = run.LineOf("wrong-" + name);
        Assert.SkipWhen(line is null, "No Python with torch was found. Debian: apt-get install python3-torch.");
        Assert.Contains("logits differ by", line, StringComparison.Ordinal);
    }
}
