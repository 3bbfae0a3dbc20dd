namespace Niwaki.Benchmarks;

/// <summary>Entry point of the benchmarks: the first argument names one, the rest are its own.</summary>
internal static class Program
{
    private static readonly (string Name, string Description, Func<string[], int> Run)[] Benchmarks =
    [
        ("gemm", "matrix products against the rate of register-only multiply-adds [rounds, default 15] [seconds a burst, default 0.05] [shapes such as 512x576x1536] [--cblas libopenblas.so.0: beside OpenBLAS]", GemmBenchmark.Run),
        ("attention", "causal attention against a matrix product beside it [seconds a row, default 3] [threads]", AttentionBenchmark.Run),
        ("loss", "output head with cross entropy against a matrix product beside it [seconds a row, default 6] [threads]", LossBenchmark.Run),
        ("forward", "whole forward passes against the model's own products beside them [rounds, default 8] [threads] [model folder, default the random benchmark model]", ForwardBenchmark.Run),
        ("depth-scan", "a scan over all blocks against as many dense passes, without output head [rounds, default 3] [tokens, default 16384] [threads]", DepthScanBenchmark.Run),
        ("sub-models", "a sub-model beside the dense model, and several in one pass: FOLDER [windows of 128, default 1] [sub-models, default 16] [rounds, default 8] [threads]", SubModelBenchmark.Run),
        ("llama-cpp", "a prompt beside a stock llama.cpp: PROGRAM (tests/Niwaki.LlamaCpp) LIBRARY-FOLDER (scripts/fetch-llama-cpp.sh) [rounds, default 7] [threads]", LlamaCppBenchmark.Run),
        ("few-rows", "products of one to eight rows with weights far larger than any cache against the memory bandwidth, in turns [rounds, default 9] [threads]", FewRowsBenchmark.Run),
        ("decode", "steps of one token against the memory bandwidth measured beside them, and beside a stock llama.cpp: [rounds, default 7] [threads] [PROGRAM LIBRARY-FOLDER]", DecodeBenchmark.Run),
        ("weight-types", "a prompt and single tokens from GGUF files of BF16, F32 and Q8_0, in turns [rounds, default 9] [threads]", WeightTypesBenchmark.Run),
        ("train", "a training step of the sample model against a matrix product beside it [rounds, default 12] [threads] [config.json]", TrainBenchmark.Run),
        ("make-model", "writes a random Llama: FOLDER [blocks hidden heads kvHeads neurons vocabulary, default 12 768 12 12 2048 32000]", RandomLlama.Run),
        ("likelihood", "questions with shared contexts beside one request at a time: MODEL TOKENIZER HELLASWAG-FILE [questions, default 32] [rounds, default 5] [threads]", LikelihoodBenchmark.Run),
        ("tokenizer", "encoding and decoding of a text on one core FOLDER FILE [rounds, default 15]", TokenizerBenchmark.Run),
    ];

    private static int Main(string[] args)
    {
        foreach ((string name, _, Func<string[], int> run) in Benchmarks)
        {
            if (args.Length > 0 && args[0] == name)
            {
                return run(args[1..]);
            }
        }

        foreach ((string name, string description, _) in Benchmarks)
        {
            Console.Error.WriteLine($"{name,-10} {description}");
        }

        return 2;
    }
}
