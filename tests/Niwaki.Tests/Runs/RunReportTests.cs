using Niwaki.Formats;
using Niwaki.Runs;
using Niwaki.Tests.Formats;

namespace Niwaki.Tests.Runs;

public sealed class RunReportTests : IDisposable
{
    private const string Json = """
        {
          "method": "bonsai",
          "model": "samples/novels-4m",
          "seed": 3,
          "sparsityTarget": 0.3,
          "sparsityReached": 0.3125,
          "parametersBefore": 4000000,
          "parametersAfter": 3000000,
          "prunableBefore": 3200000,
          "prunableAfter": 2200000,
          "bytesBefore": 8000000,
          "bytesAfter": 6000000,
          "protocol": "gptq",
          "evaluationFile": null,
          "evaluationWindow": 256,
          "evaluationTokens": 5100,
          "lossBefore": 2.5,
          "lossAfter": 3,
          "perplexityBefore": 12.182493960703473,
          "perplexityAfter": "Infinity",
          "evaluations": 1234,
          "forwardTokens": 5000000000,
          "seconds": 12.5,
          "toolVersion": "0.1.0",
          "vectorPath": "avx512",
          "blocks": [
            {
              "block": 0,
              "before": {
                "heads": 8,
                "keyValueHeads": 4,
                "neurons": 512
              },
              "after": {
                "heads": 6,
                "keyValueHeads": 3,
                "neurons": 300
              }
            }
          ]
        }

        """;

    private static readonly RunReport Report = new()
    {
        Method = "bonsai",
        Model = "samples/novels-4m",
        Seed = 3,
        SparsityTarget = 0.3,
        SparsityReached = 0.3125,
        ParametersBefore = 4_000_000,
        ParametersAfter = 3_000_000,
        PrunableBefore = 3_200_000,
        PrunableAfter = 2_200_000,
        BytesBefore = 8_000_000,
        BytesAfter = 6_000_000,
        Protocol = "gptq",
        EvaluationWindow = 256,
        EvaluationTokens = 5100,
        LossBefore = 2.5,
        LossAfter = 3,
        PerplexityBefore = 12.182493960703473,
        PerplexityAfter = double.PositiveInfinity,
        Evaluations = 1234,
        ForwardTokens = 5_000_000_000,
        Seconds = 12.5,
        ToolVersion = "0.1.0",
        VectorPath = "avx512",
        Blocks = [new ReportedBlock(0, new ReportedShape(8, 4, 512), new ReportedShape(6, 3, 300))],
    };

    private readonly TemporaryFolder _folder = new();

    private string File => _folder["report.json"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void ToJson_Report_IsThisText() => Assert.Equal(Json, Report.ToJson());

    [Fact]
    public void Read_WrittenFile_IsTheSame()
    {
        Report.Write(File);
        RunReport read = RunReport.Read(File);
        Assert.Equal(Report.Blocks, read.Blocks);
        Assert.Equal(Report, read with { Blocks = Report.Blocks }); // lists compare by reference
    }

    [Theory]
    [InlineData("\"seed\": 3,", "", "seed")]
    [InlineData("\"seed\": 3,", "\"seed\": 3, \"sped\": 4,", "sped")]
    [InlineData("\"seed\": 3,", "\"seed\": \"x\",", "$.seed")]
    [InlineData("\"seed\": 3,", "\"seed\": 3, \"seed\": 4,", "appears twice")]
    [InlineData("\"method\": \"bonsai\"", "\"method\": null", "method")]
    [InlineData("\"heads\": 8", "\"heads\": 8.5", "heads")]
    [InlineData("\"neurons\": 512", "\"neurones\": 512", "neurones")]
    public void Read_ChangedFile_SaysWhat(string old, string changed, string message)
    {
        _folder.Write("report.json", Json.Replace(old, changed, StringComparison.Ordinal));
        var error = Assert.Throws<ModelFormatException>(() => RunReport.Read(File));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("")]
    public void Read_NoReport_Throws(string json) =>
        Assert.Throws<ModelFormatException>(() => RunReport.Read(_folder.Write("report.json", json)));
}
