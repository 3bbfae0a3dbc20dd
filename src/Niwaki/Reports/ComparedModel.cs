using Niwaki.Evaluation.Speed;
using Niwaki.Formats.HuggingFace;
using Niwaki.Models;
using Niwaki.Plans;
using Niwaki.Runs;

namespace Niwaki.Reports;

/// <summary>One run or model beside others.</summary>
/// <param name="Name">The path as it was given.</param>
/// <param name="Method">Method of the run; null for a model without one.</param>
/// <param name="Sparsity">Share of the prunable parameters that was removed; null for a model without a run.</param>
/// <param name="Parameters">All parameters.</param>
/// <param name="WeightBytes">Bytes of its weight files.</param>
/// <param name="Measured">How <paramref name="LossAfter"/> was measured, with the fingerprint of the tokens; null where it was not.</param>
/// <param name="LossBefore">Mean loss of the source, nats per token.</param>
/// <param name="LossAfter">Mean loss, nats per token.</param>
/// <param name="Speed">Its measured speed; null where there is none.</param>
public sealed record ComparedModel(
    string Name, string? Method, double? Sparsity, long Parameters, long WeightBytes, EvaluationIdentity? Measured, double? LossBefore, double? LossAfter, SpeedReport? Speed)
{
    /// <summary>What the path of a run or model tells.</summary>
    /// <param name="path">Run folder, model folder or GGUF file.</param>
    /// <exception cref="RunFolderException">The run has not ended.</exception>
    /// <exception cref="Formats.ModelFormatException">A file is broken.</exception>
    public static ComparedModel Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (!File.Exists(Path.Combine(path, RunFolder.RecipeName)))
        {
            using var checkpoint = Checkpoint.Open(path);
            return new ComparedModel(path, null, null, ParameterCounter.Count(ModelConfigReader.Read(checkpoint)).Total, checkpoint.WeightFileBytes, null, null, null, null);
        }

        var facts = RunFacts.Read(path);
        RunReport report = facts.Report;
        var identity = new EvaluationIdentity(report.Protocol, report.EvaluationWindow, report.EvaluationTokens, facts.Evaluation.File, facts.Evaluation.ContentHash());
        return new ComparedModel(
            path, report.Method, report.SparsityReached, report.ParametersAfter, report.BytesAfter, identity, report.LossBefore, report.LossAfter, facts.Speed);
    }
}
