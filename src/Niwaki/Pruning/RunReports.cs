using System.Reflection;
using Niwaki.Evaluation;
using Niwaki.Formats.HuggingFace;
using Niwaki.Kernels;
using Niwaki.Models;
using Niwaki.Plans;
using Niwaki.Runs;

namespace Niwaki.Pruning;

/// <summary>Fills the report of a run.</summary>
internal static class RunReports
{
    public static RunReport Create(
        RunFolder folder,
        PruningPlan plan,
        Checkpoint source,
        Checkpoint result,
        ModelConfig config,
        ModelSelection selection,
        RunTexts texts,
        (double Before, double After) loss,
        long forwardTokens,
        int evaluations,
        double seconds)
    {
        ParameterCount before = ParameterCounter.Count(config);
        ParameterCount after = ParameterCounter.Count(ModelConfigReader.Read(result));
        Recipe recipe = folder.Recipe;
        return new RunReport
        {
            Method = PruningMethodNames.NameOf(recipe.Method),
            Model = recipe.Model!,
            Seed = recipe.Seed,
            SparsityTarget = plan.Sparsity,
            SparsityReached = 1 - ((double)after.Prunable / before.Prunable),
            ParametersBefore = before.Total,
            ParametersAfter = after.Total,
            PrunableBefore = before.Prunable,
            PrunableAfter = after.Prunable,
            BytesBefore = source.WeightFileBytes,
            BytesAfter = result.WeightFileBytes,
            Protocol = Perplexity.GptqProtocol,
            EvaluationFile = recipe.Evaluation.Source == TextSource.File ? recipe.Evaluation.File : null,
            EvaluationWindow = texts.Evaluation[0].Length,
            EvaluationTokens = texts.Evaluation.Sum(window => window.Length - 1L),
            LossBefore = loss.Before,
            LossAfter = loss.After,
            PerplexityBefore = Math.Exp(loss.Before),
            PerplexityAfter = Math.Exp(loss.After),
            Evaluations = evaluations,
            ForwardTokens = forwardTokens,
            Seconds = seconds,
            ToolVersion = typeof(RunReports).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown",
            VectorPath = CpuFeatures.VectorPath,
            Blocks = [.. config.Blocks.Select((shape, i) => new ReportedBlock(i, Shape(shape), Shape(selection.Blocks[i].Shape)))],
        };
    }

    private static ReportedShape Shape(BlockShape shape) => new(shape.Heads, shape.KeyValueHeads, shape.Neurons);
}
