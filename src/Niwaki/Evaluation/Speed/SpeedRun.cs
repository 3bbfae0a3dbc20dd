using System.Diagnostics;
using Niwaki.Models;
using Niwaki.Tensors;

namespace Niwaki.Evaluation.Speed;

/// <summary>One run of one model: prompts of a batch, then a token at a time for every sequence.</summary>
/// <param name="PrefillSeconds">Prompts, with the logits behind the last token of each.</param>
/// <param name="PrefillHeadSeconds">Of these the output head.</param>
/// <param name="DecodeSeconds">All steps behind the prompts.</param>
/// <param name="DecodeHeadSeconds">Of these the output head.</param>
/// <param name="PeakBytes">Most bytes of native buffers meanwhile.</param>
/// <param name="KeyValueBytes">Bytes of the caches.</param>
internal readonly record struct SpeedRun(
    double PrefillSeconds, double PrefillHeadSeconds, double DecodeSeconds, double DecodeHeadSeconds, long PeakBytes, long KeyValueBytes)
{
    /// <summary>Runs and times. Tokens are made up and the same for every model: choosing them is no part of the measurement.</summary>
    public static SpeedRun Measure(Transformer model, int batch, int prompt, int generated, CancellationToken cancellationToken)
    {
        int vocabulary = model.Config.VocabularySize;
        NativeMemoryUse.ResetPeak();
        KeyValueCache[] caches = [.. Enumerable.Range(0, batch).Select(_ => new KeyValueCache(model.Config, prompt + generated))];
        try
        {
            using var buffer = new NativeBuffer<float>((long)batch * vocabulary);
            var logits = new TensorView<float>(buffer, batch, vocabulary);
            (double prefill, double prefillHead) = Pass(model, caches, [.. Enumerable.Range(0, batch).Select(s => Enumerable.Range(0, prompt).Select(t => Token(s, t, vocabulary)).ToArray())], logits);
            double decode = 0, decodeHead = 0;

            // The logits behind the prompt give the first token, so that one step fewer is left.
            for (int step = 1; step < generated; step++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                (double seconds, double head) = Pass(model, caches, [.. Enumerable.Range(0, batch).Select(s => new[] { Token(s, prompt + step, vocabulary) })], logits);
                decode += seconds;
                decodeHead += head;
            }

            return new SpeedRun(prefill, prefillHead, decode, decodeHead, NativeMemoryUse.PeakBytes, KeyValueCache.BytesFor(model.Config, prompt + generated) * batch);
        }
        finally
        {
            foreach (KeyValueCache cache in caches)
            {
                cache.Dispose();
            }
        }
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
