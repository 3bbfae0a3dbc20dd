using Niwaki.Models;

namespace Niwaki.Evaluation.Likelihood;

/// <summary>Requests that share their first tokens, which are computed once for all of them.</summary>
internal sealed class RequestGroup
{
    /// <summary>Makes a group.</summary>
    /// <param name="requests">Requests, one or more.</param>
    public RequestGroup(IReadOnlyList<LikelihoodRequest> requests)
    {
        Requests = requests;

        // The token in front of the first scored one is not shared: what the model gives behind it is needed for every request.
        int shared = requests.Min(request => Math.Min(request.Start, request.Ids.Length - 1) - 1);
        foreach (LikelihoodRequest request in requests.Skip(1))
        {
            shared = Math.Min(shared, requests[0].Ids.AsSpan().CommonPrefixLength(request.Ids));
        }

        Prefix = requests[0].Ids[..Math.Max(0, shared)];
    }

    /// <summary>The requests.</summary>
    public IReadOnlyList<LikelihoodRequest> Requests { get; }

    /// <summary>The tokens that all of them begin with.</summary>
    public int[] Prefix { get; }

    /// <summary>Tokens that a cache has to hold.</summary>
    public int Capacity => Math.Max(1, Requests.Max(request => request.Ids.Length - 1));

    /// <summary>Bytes of a cache for it.</summary>
    public long CacheBytes(ModelConfig config) => KeyValueCache.BytesFor(config, Capacity);

    /// <summary>The tokens of a request behind the shared ones, without the last, which predicts nothing.</summary>
    public int[] Tokens(int request) => Requests[request].Ids[Prefix.Length..^1];

    /// <summary>For each of these tokens the id behind it if it belongs to the continuation, else −1.</summary>
    public int[] Targets(int request)
    {
        LikelihoodRequest asked = Requests[request];
        return [.. Enumerable.Range(Prefix.Length + 1, asked.Ids.Length - 1 - Prefix.Length).Select(i => i >= asked.Start ? asked.Ids[i] : -1)];
    }
}
