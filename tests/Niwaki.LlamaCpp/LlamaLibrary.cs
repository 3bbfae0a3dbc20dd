using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;

namespace Niwaki.LlamaCpp;

/// <summary>The C functions of libllama and ggml that are used, from the files of one folder.</summary>
internal static unsafe partial class LlamaLibrary
{
    private const string Llama = "llama";
    private const string Ggml = "ggml";
    private const string GgmlBase = "ggml-base";

    /// <summary>Files of the release whose structures are declared here.</summary>
    private static readonly Dictionary<string, string> Files = new(StringComparer.Ordinal)
    {
        [Llama] = "libllama.v0.5.0.so",
        [Ggml] = "libggml.v0.5.0.so",
        [GgmlBase] = "libggml-base.so",
    };

    private static readonly StringBuilder Errors = new();

    /// <summary>What the library has complained about since the last call.</summary>
    public static string TakeErrors()
    {
        lock (Errors)
        {
            string text = Errors.ToString();
            Errors.Clear();
            return text;
        }
    }

    /// <summary>Loads the library and the backend that suits the processor, and checks that the structures are those of this release.</summary>
    public static void Load(string folder)
    {
        NativeLibrary.SetDllImportResolver(
            Assembly.GetExecutingAssembly(),
            (name, _, _) => Files.TryGetValue(name, out string? file) ? NativeLibrary.Load(Path.Combine(folder, file)) : 0);
        SetLog(&Drop, 0);
        LoadBackends(folder);
        LlamaModelParams model = DefaultModelParams();
        LlamaContextParams context = DefaultContextParams();

        // Defaults of llama.cpp v0.5.0 at both ends of the structures: another layout would show other numbers.
        bool fits = sizeof(LlamaModelParams) == 80 && sizeof(LlamaContextParams) == 160
            && model is { GpuLayers: -1, UseExtraBuffers: 1, VocabularyOnly: 0, NoAllocation: 0 }
            && context is { ContextLength: 512, BatchTokens: 2048, MicroBatchTokens: 512, FlashAttentionType: -1, KeyType: 1, ValueType: 1, OffloadKeyValue: 1, SamplerCount: 0, OtherContext: 0 };
        if (!fits)
        {
            throw new InvalidOperationException($"Structures of libllama in '{folder}' have another layout than those of v0.5.0.");
        }
    }

    [LibraryImport(Ggml, EntryPoint = "ggml_backend_load_all_from_path", StringMarshalling = StringMarshalling.Utf8)]
    private static partial void LoadBackends(string folder);

    [LibraryImport(Llama, EntryPoint = "llama_log_set")]
    private static partial void SetLog(delegate* unmanaged[Cdecl]<int, byte*, nint, void> callback, nint userData);

    [LibraryImport(Llama, EntryPoint = "llama_model_default_params")]
    public static partial LlamaModelParams DefaultModelParams();

    [LibraryImport(Llama, EntryPoint = "llama_context_default_params")]
    public static partial LlamaContextParams DefaultContextParams();

    [LibraryImport(Llama, EntryPoint = "llama_model_load_from_file", StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint LoadModel(string path, LlamaModelParams parameters);

    [LibraryImport(Llama, EntryPoint = "llama_model_free")]
    public static partial void FreeModel(nint model);

    [LibraryImport(Llama, EntryPoint = "llama_model_get_vocab")]
    public static partial nint GetVocabulary(nint model);

    [LibraryImport(Llama, EntryPoint = "llama_vocab_n_tokens")]
    public static partial int VocabularySize(nint vocabulary);

    [LibraryImport(Llama, EntryPoint = "llama_tokenize")]
    public static partial int Tokenize(
        nint vocabulary, byte* text, int bytes, int* tokens, int capacity, [MarshalAs(UnmanagedType.U1)] bool addSpecial, [MarshalAs(UnmanagedType.U1)] bool parseSpecial);

    [LibraryImport(Llama, EntryPoint = "llama_init_from_model")]
    public static partial nint NewContext(nint model, LlamaContextParams parameters);

    [LibraryImport(Llama, EntryPoint = "llama_free")]
    public static partial void FreeContext(nint context);

    [LibraryImport(Llama, EntryPoint = "llama_get_memory")]
    public static partial nint GetMemory(nint context);

    [LibraryImport(Llama, EntryPoint = "llama_memory_clear")]
    public static partial void ClearMemory(nint memory, [MarshalAs(UnmanagedType.U1)] bool data);

    [LibraryImport(Llama, EntryPoint = "llama_batch_init")]
    public static partial LlamaBatch NewBatch(int tokens, int embedding, int maxSequences);

    [LibraryImport(Llama, EntryPoint = "llama_batch_free")]
    public static partial void FreeBatch(LlamaBatch batch);

    [LibraryImport(Llama, EntryPoint = "llama_decode")]
    public static partial int Decode(nint context, LlamaBatch batch);

    [LibraryImport(Llama, EntryPoint = "llama_synchronize")]
    public static partial void Synchronize(nint context);

    [LibraryImport(Llama, EntryPoint = "llama_get_logits")]
    public static partial float* GetLogits(nint context);

    [LibraryImport(GgmlBase, EntryPoint = "ggml_quantize_chunk")]
    public static partial nuint Quantize(int type, float* source, void* destination, long start, long rows, long columns, float* importance);

    [LibraryImport(GgmlBase, EntryPoint = "ggml_row_size")]
    public static partial nuint RowBytes(int type, long columns);

    /// <summary>The address of <c>dequantize_row_NAME(const void * blocks, float * values, int64_t count)</c>.</summary>
    public static delegate* unmanaged[Cdecl]<void*, float*, long, void> Dequantizer(string folder, string type) =>
        (delegate* unmanaged[Cdecl]<void*, float*, long, void>)NativeLibrary.GetExport(
            NativeLibrary.Load(Path.Combine(folder, Files[GgmlBase])), $"dequantize_row_{type}");

    [UnmanagedCallersOnly(CallConvs = [typeof(System.Runtime.CompilerServices.CallConvCdecl)])]
    private static void Drop(int level, byte* text, nint userData)
    {
        // Errors only: they say why a file does not load. 5 continues a message of any level.
        if (level == 4)
        {
            lock (Errors)
            {
                Errors.Append(Marshal.PtrToStringUTF8((nint)text));
            }
        }
    }
}
