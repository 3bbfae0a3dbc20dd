namespace Niwaki.Evaluation.Protocols;

/// <summary>Names of the protocols by which a text is cut and scored.</summary>
public static class ProtocolNames
{
    /// <summary>See <see cref="Perplexity.GptqProtocol"/>.</summary>
    public const string Gptq = Perplexity.GptqProtocol;

    /// <summary>As llama.cpp's own tool: chunks, each beginning with the begin-of-text token where the model has one, the second half scored.</summary>
    public const string LlamaCpp = "llamacpp";

    /// <summary>As task <c>wikitext</c> of lm-evaluation-harness: documents, detokenised, in rolling windows; perplexity by word and by byte.</summary>
    public const string LmEval = "lm-eval";

    /// <summary>As LLM-Pruner and Shortened LLaMA (arXiv 2402.02834): short windows, with or without a begin-of-text token in front of each.</summary>
    public const string Segments = "segments";

    /// <summary>Documents between separators, each with a begin-of-text token, every token scored once.</summary>
    public const string Documents = "documents";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } = [Gptq, LlamaCpp, LmEval, Segments, Documents];
}
