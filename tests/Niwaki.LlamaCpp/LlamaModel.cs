using System.Text;

namespace Niwaki.LlamaCpp;

/// <summary>A GGUF file loaded by llama.cpp.</summary>
internal sealed unsafe class LlamaModel : IDisposable
{
    private readonly nint _model;
    private readonly nint _vocabulary;

    /// <summary>Loads a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="repack">Whether weights are repacked for AMX and the like, as llama.cpp does by default.</param>
    public LlamaModel(string path, bool repack = true)
    {
        LlamaModelParams parameters = LlamaLibrary.DefaultModelParams();

        parameters.UseExtraBuffers = repack ? (byte)1 : (byte)0;
        _model = LlamaLibrary.LoadModel(path, parameters);
        if (_model == 0)
        {
            throw new InvalidOperationException($"llama.cpp does not load '{Path.GetFileName(path)}'.");
        }

        _vocabulary = LlamaLibrary.GetVocabulary(_model);
    }

    /// <summary>Logits behind every token, [tokens, vocabulary], one prompt a call; keys and values in F32 unless flash attention is on.</summary>
    public float[] Logits(int[] ids, bool flashAttention)
    {
        nint context = NewContext(ids.Length, 1, flashAttention, exact: true);
        try
        {
            Decode(context, ids, allOutputs: true);
            int vocabulary = LlamaLibrary.VocabularySize(_vocabulary);
            return new ReadOnlySpan<float>(LlamaLibrary.GetLogits(context), checked(ids.Length * vocabulary)).ToArray();
        }
        finally
        {
            LlamaLibrary.FreeContext(context);
        }
    }

    /// <summary>Seconds of one pass over a prompt with the logits of the last token, for each of some repetitions after one that does not count.</summary>
    public double[] PromptSeconds(int[] ids, int threads, int repetitions)
    {
        nint context = NewContext(ids.Length, threads, flashAttention: true, exact: false);
        try
        {
            double[] seconds = new double[repetitions];
            for (int i = -1; i < repetitions; i++)
            {
                LlamaLibrary.ClearMemory(LlamaLibrary.GetMemory(context), data: true);
                long start = System.Diagnostics.Stopwatch.GetTimestamp();
                Decode(context, ids, allOutputs: false);
                LlamaLibrary.Synchronize(context);
                seconds[Math.Max(0, i)] = System.Diagnostics.Stopwatch.GetElapsedTime(start).TotalSeconds;
            }

            return seconds;
        }
        finally
        {
            LlamaLibrary.FreeContext(context);
        }
    }

    /// <summary>Seconds of every step that adds one token behind a prompt and gives the logits behind it.</summary>
    public double[] StepSeconds(int[] ids, int threads, int steps)
    {
        nint context = NewContext(ids.Length + steps + 1, threads, flashAttention: true, exact: false);
        try
        {
            Decode(context, ids, allOutputs: false);
            double[] seconds = new double[steps];
            for (int i = -1; i < steps; i++)
            {
                long start = System.Diagnostics.Stopwatch.GetTimestamp();
                Decode(context, [ids[(i + 1) % ids.Length]], allOutputs: false, firstPosition: ids.Length + i + 1);
                LlamaLibrary.Synchronize(context);
                seconds[Math.Max(0, i)] = System.Diagnostics.Stopwatch.GetElapsedTime(start).TotalSeconds;
            }

            return seconds;
        }
        finally
        {
            LlamaLibrary.FreeContext(context);
        }
    }

    public int[] Tokenize(string text, bool addSpecial, bool parseSpecial)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(text);
        int[] tokens = new int[(2 * utf8.Length) + 16];
        fixed (byte* bytes = utf8)
        fixed (int* ids = tokens)
        {
            byte nothing = 0;
            int count = LlamaLibrary.Tokenize(_vocabulary, utf8.Length == 0 ? &nothing : bytes, utf8.Length, ids, tokens.Length, addSpecial, parseSpecial);
            return count >= 0 ? tokens[..count] : throw new InvalidOperationException($"Tokenising gave {count}.");
        }
    }

    public void Dispose() => LlamaLibrary.FreeModel(_model);

    private nint NewContext(int tokens, int threads, bool flashAttention, bool exact)
    {
        LlamaContextParams parameters = LlamaLibrary.DefaultContextParams();
        parameters.ContextLength = (uint)Math.Max(64, tokens);
        parameters.BatchTokens = (uint)Math.Max(64, tokens);
        parameters.MicroBatchTokens = (uint)Math.Max(64, tokens);
        parameters.Threads = threads;
        parameters.BatchThreads = threads;
        parameters.FlashAttentionType = flashAttention ? 1 : 0;
        parameters.NoPerformance = 1;
        if (exact && !flashAttention)
        {
            const int F32 = 0;
            (parameters.KeyType, parameters.ValueType) = (F32, F32);
        }

        nint context = LlamaLibrary.NewContext(_model, parameters);
        return context != 0 ? context : throw new InvalidOperationException("llama.cpp makes no context for the model.");
    }

    private static void Decode(nint context, int[] ids, bool allOutputs, int firstPosition = 0)
    {
        LlamaBatch batch = LlamaLibrary.NewBatch(ids.Length, 0, 1);
        try
        {
            for (int i = 0; i < ids.Length; i++)
            {
                batch.Tokens[i] = ids[i];
                batch.Positions[i] = firstPosition + i;
                batch.SequenceCounts[i] = 1;
                batch.Sequences[i][0] = 0;
                batch.Outputs[i] = allOutputs || i == ids.Length - 1 ? (sbyte)1 : (sbyte)0;
            }

            batch.TokenCount = ids.Length;
            int code = LlamaLibrary.Decode(context, batch);
            if (code != 0)
            {
                throw new InvalidOperationException($"llama_decode gave {code}.");
            }
        }
        finally
        {
            LlamaLibrary.FreeBatch(batch);
        }
    }
}
