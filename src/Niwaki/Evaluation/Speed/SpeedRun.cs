using System.Diagnostics;
using Niwaki.Models;
using Niwaki.Tensors;

namespace Niwaki.Evaluation.Speed;

/// <summary>One run of one model: prompts of a batch, then a token at a time for every sequence.</summary>
/// <remarks>
/// A short prompt is over before a disturbance of the machine evens out, so prompts are passed again and again, from empty caches: emptying them is not
/// timed, and the last pass stays for the steps behind it. With an even number of passes the faster one of the two in the middle counts.
/// </remarks>
/// <param name="PrefillPasses">Times that the prompts were passed.</param>
/// <param name="PrefillSeconds">Prompts, with the logits behind the last token of each: the pass that is the median.</param>
/// <param name="PrefillHeadSeconds">Of that pass the output head.</param>
/// <param name="DecodeSeconds">All steps behind the prompts.</param>
/// <param name="DecodeHeadSeconds">Of these the output head.</param>
/// <param name="PeakBytes">Most bytes of native buffers meanwhile.</param>
/// <param name="KeyValueBytes">Bytes of the caches.</param>
internal readonly record struct SpeedRun(
    int PrefillPasses, double PrefillSeconds, double PrefillHeadSeconds, double DecodeSeconds, double DecodeHeadSeconds, long PeakBytes, long KeyValueBytes)
{
    /// <summary>Runs and times. Tokens are made up and the same for every model: choosing them is no part of the measurement.</summary>
    /// <param name="model">The model.</param>
    /// <param name="batch">Sequences.</param>
    /// <param name="prompt">Tokens of a prompt.</param>
    /// <param name="generated">Tokens written for each sequence.</param>
    /// <param name="prefillTime">Prompts are passed once, and again until all passes together took so long.</param>
    /// <param name="cancellationToken">Ends the run.</param>
    public static SpeedRun Measure(Transformer model, int batch, int prompt, int generated, TimeSpan prefillTime, CancellationToken cancellationToken)
    {
        int vocabulary = model.Config.VocabularySize;
        NativeMemoryUse.ResetPeak();
        KeyValueCache[] caches = [.. Enumerable.Range(0, batch).Select(_ => new KeyValueCache(model.Config, prompt + generated))];
        try
        {
            using var buffer = new NativeBuffer<float>((long)batch * vocabulary);
            var logits = new TensorView<float>(buffer, batch, vocabulary);
            int[][] prompts = [.. Enumerable.Range(0, batch).Select(s => Enumerable.Range(0, prompt).Select(t => Token(s, t, vocabulary)).ToArray())];
            List<(double Seconds, double Head)> passes = Prefill(model, caches, prompts, logits, prefillTime, cancellationToken);
            (double prefill, double prefillHead) = passes.OrderBy(pass => pass.Seconds).ElementAt((passes.Count - 1) / 2);
            double decode = 0, decodeHead = 0;

            // The logits behind the prompt give the first token, so that one step fewer is left.
            for (int step = 1; step < generated; step++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                (double seconds, double head) = Pass(model, caches, [.. Enumerable.Range(0, batch).Select(s => new[] { Token(s, prompt + step, vocabulary) })], logits);
                decode += seconds;
                decodeHead += head;
            }

            return new SpeedRun(passes.Count, prefill, prefillHead, decode, decodeHead, NativeMemoryUse.PeakBytes, KeyValueCache.BytesFor(model.Config, prompt + generated) * batch);
        }
        finally
        {
            foreach (KeyValueCache cache in caches)
            {
                cache.Dispose();
            }
        }
    }

    private static List<(double Seconds, double Head)> Prefill(
        Transformer model, KeyValueCache[] caches, int[][] prompts, TensorView<float> logits, TimeSpan time, CancellationToken cancellationToken)
    {
        List<(double Seconds, double Head)> passes = [];
        double total = 0;
        do
        {
            cancellationToken.ThrowIfCancellationRequested();
            Array.ForEach(caches, cache => cache.Clear());
            passes.Add(Pass(model, caches, prompts, logits));
            total += passes[^1].Seconds;
        }
        while (total < time.TotalSeconds);

        return passes;
    }

    private static (double Seconds, double HeadSeconds) Pass(Transformer model, KeyValueCache[] caches, int[][] tokens, TensorView<float> logits)
    {
        long start = Stopwatch.GetTimestamp();
        using ResidualStream stream = model.Append(caches, tokens);
        int[] lastRows = [.. Enumerable.Range(1, tokens.Length).Select(next => stream.FirstRow(next) - 1)];
        long head = Stopwatch.GetTimestamp();
        model.Logits(stream, lastRows, logits);
        return (Stopwatch.GetElapsedTime(start).TotalSeconds, Stopwatch.GetElapsedTime(head).TotalSeconds);
    }

    private static int Token(int sequence, int position, int vocabulary) => (int)(((sequence * 7919L) + (position * 104_729L)) % vocabulary);
}
