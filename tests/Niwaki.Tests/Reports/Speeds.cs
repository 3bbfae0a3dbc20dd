using Niwaki.Evaluation.Speed;

namespace Niwaki.Tests.Reports;

/// <summary>Made-up measurements of two models.</summary>
internal static class Speeds
{
    public static SpeedReport Report((double After, double Before) prefill, (double After, double Before) decode, string machine = "a machine") => new()
    {
        Machine = machine,
        VectorPath = "avx2",
        Threads = 2,
        Rounds = 5,
        ToolVersion = "0.1.0",
        Models = [new SpeedModel("after", 50, 10, 100, 8), new SpeedModel("before", 100, 10, 200, 16)],
        Rows = [Row(0, prefill.After, decode.After), Row(1, prefill.Before, decode.Before)],
    };

    private static SpeedRow Row(int model, double prefill, double decode) => new()
    {
        Model = model,
        Batch = 1,
        Prompt = 12,
        Generated = 128,
        Prefill = new Spread(prefill, prefill, prefill),
        Decode = new Spread(decode, decode, decode),
        PrefillOfBlocks = new Spread(2 * prefill, prefill, 3 * prefill),
        DecodeOfBlocks = new Spread(2 * decode, decode, 3 * decode),
        Throughput = new Spread(decode, decode, decode),
        FirstToken = new Spread(0.25, 0.25, 0.25),
        PeakBytes = 1 << 20,
        KeyValueBytes = 1 << 10,
    };
}
