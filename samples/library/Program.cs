// Prunes the sample model through the library. Run it from the root of the repository:
//   dotnet run -c Release --project samples/library
using Niwaki.Pruning;
using Niwaki.Runs;

var recipe = new Recipe
{
    Model = "samples/novels-4m",
    Sparsity = 0.3,
    Calibration = new() { Source = TextSource.File, File = "samples/text/harbour-clock.txt", Windows = 8 },
    Evaluation = new() { Source = TextSource.File, File = "samples/text/evening-post.txt" },
    Bonsai = new() { PruneFraction = 0.1, MasksPerRound = 20 },
};

RunReport report = PruningRun.Start(recipe, "runs/library");

Console.WriteLine($"parameters {report.ParametersBefore:N0} -> {report.ParametersAfter:N0}");
Console.WriteLine($"mean loss  {report.LossBefore:F4} -> {report.LossAfter:F4} nats per token");
