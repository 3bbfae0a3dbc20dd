using System.Diagnostics;
using System.Globalization;
using Niwaki.Datasets.Benchmarks;
using Niwaki.Evaluation.Likelihood;
using Niwaki.Evaluation.Tasks;
using Niwaki.Formats.HuggingFace;
using Niwaki.Kernels;
using Niwaki.Models;
using Niwaki.Tokenizers;

namespace Niwaki.Benchmarks;

/// <summary>Questions of a task with what their requests share computed once, beside one request at a time and many at a time without sharing, in turns.</summary>
internal static class LikelihoodBenchmark
{
    public static int Run(string[] args)
    {
        int questions = args.Length > 3 ? int.Parse(args[3], CultureInfo.InvariantCulture) : 32;
        int rounds = args.Length > 4 ? int.Parse(args[4], CultureInfo.InvariantCulture) : 5;
        int threads = args.Length > 5 ? int.Parse(args[5], CultureInfo.InvariantCulture) : Environment.ProcessorCount;
        TaskDefinition task = HarnessTasks.Find("hellaswag")[0];
        var tokenizer = Tokenizer.Load(args[1]);
        using var team = new ThreadTeam(threads);
        using var checkpoint = Checkpoint.Open(args[0]);
        using var model = Transformer.Load(checkpoint, ModelConfigReader.Read(checkpoint), team);
        var encoder = new RequestEncoder(tokenizer, text => tokenizer.Encode(text, addSpecialTokens: false), BeginOfTextMode.Auto, model.Config.ContextLength);
        LikelihoodRequest[][] groups =
        [
            .. TableFile.Read(args[2]).Take(questions).Select(task.Read)
                .Select(item => item.Prompts.Select(prompt => encoder.Pair(prompt.Context, prompt.Continuation)).ToArray()),
        ];
        LikelihoodRequest[][] single = [.. groups.SelectMany(group => group).Select(request => new[] { request })];
        long asked = single.Sum(group => group[0].Ids.Length - 1L);

        long shared = 0;
        double[] together = new double[rounds], apart = new double[rounds], alone = new double[rounds];
        LikelihoodResult[][] first = [], second = [];
        for (int round = -1; round < rounds; round++)
        {
            int place = Math.Max(0, round);
            var scorer = new LikelihoodScorer(model);
            together[place] = Seconds(() => first = scorer.Score(groups));
            shared = scorer.ForwardTokens;
            alone[place] = Seconds(() => second = [.. single.Select(group => new LikelihoodScorer(model).Score([group])[0])]);
            apart[place] = Seconds(() => new LikelihoodScorer(model).Score(single));
        }

        double difference = first.SelectMany(group => group).Zip(second.SelectMany(group => group), (a, b) => Math.Abs(a.LogLikelihood - b.LogLikelihood)).Max();
        Console.WriteLine(FormattableString.Invariant(
            $"Vector path {CpuFeatures.VectorPath}, {threads} threads, {questions} questions of hellaswag: {asked:N0} tokens of requests, {shared:N0} computed with sharing ({(double)asked / shared:F2} times fewer)."));
        Report("one request at a time", alone, together);
        Report("many at a time, not shared", apart, together);
        Console.WriteLine(FormattableString.Invariant($"Largest difference of a log-likelihood: {difference:E1}."));
        return 0;
    }

    private static double Seconds(Action action)
    {
        long start = Stopwatch.GetTimestamp();
        action();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static void Report(string name, double[] seconds, double[] shared)
    {
        double[] ratios = [.. seconds.Zip(shared, (a, b) => a / b).Order()];
        Console.WriteLine(FormattableString.Invariant(
            $"{name}: {seconds.Order().ElementAt(seconds.Length / 2):F2} s beside {shared.Order().ElementAt(shared.Length / 2):F2} s; ratio in a round {ratios[ratios.Length / 2]:F2} ({ratios[0]:F2} to {ratios[^1]:F2})"));
    }
}
