using System.Net;
using System.Security.Cryptography;
using System.Text;

namespace Niwaki.Formats.Hub;

/// <summary>Fetches files from the Hugging Face hub, and believes none that does not have its checksum.</summary>
/// <remarks>
/// <c>ENDPOINT/datasets/NAME/resolve/REVISION/FILE</c> answers with the file, or with the place of a large one; the header <c>X-Linked-Etag</c>, else <c>ETag</c>, is the
/// SHA-256 of a large file, and every Parquet file is one. No token is sent.
/// </remarks>
public sealed class HubClient : IDisposable
{
    /// <summary>The public hub.</summary>
    public const string DefaultEndpoint = "https://huggingface.co";

    /// <summary>Branch on which the hub keeps every data set as Parquet.</summary>
    private const string ParquetRevision = "refs%2Fconvert%2Fparquet";

    private const long LargestFile = 2L << 30;
    private const int MostRedirects = 8;

    private readonly Uri _endpoint;
    private readonly SocketsHttpHandler _handler;
    private readonly HttpClient _client;

    /// <summary>Makes a client.</summary>
    /// <param name="endpoint">Address of the hub, http or https.</param>
    /// <exception cref="HubException">The address is none.</exception>
    public HubClient(string endpoint = DefaultEndpoint)
    {
        ArgumentException.ThrowIfNullOrEmpty(endpoint);
        _endpoint = Uri.TryCreate(endpoint.TrimEnd('/') + "/", UriKind.Absolute, out Uri? address) && address.Scheme is "http" or "https"
            ? address!
            : throw new HubException($"Endpoint is '{MessageText.Shown(endpoint)}', expected an address such as {DefaultEndpoint}.");
        _handler = new SocketsHttpHandler { AllowAutoRedirect = false, ConnectTimeout = TimeSpan.FromSeconds(30) };
        _client = new HttpClient(_handler, disposeHandler: false);
        _client.DefaultRequestHeaders.UserAgent.ParseAdd("niwaki");
    }

    /// <summary>Fetches a part of a data set as one Parquet file, unless it is there with the checksum noted beside it.</summary>
    /// <param name="dataset">Name of the data set.</param>
    /// <param name="configuration">Name of its configuration.</param>
    /// <param name="split">Name of the part.</param>
    /// <param name="target">File to write; a second one, with <c>.sha256</c> behind its name, holds the checksum.</param>
    /// <param name="cancellationToken">Ends it; nothing is left behind.</param>
    /// <returns>Whether it was fetched.</returns>
    /// <exception cref="HubException">The hub does not answer, does not have it, gives no checksum or other bytes.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder may not be written.</exception>
    /// <exception cref="OperationCanceledException">It was ended.</exception>
    public bool FetchParquet(string dataset, string configuration, string split, string target, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(dataset);
        ArgumentException.ThrowIfNullOrEmpty(configuration);
        ArgumentException.ThrowIfNullOrEmpty(split);
        ArgumentException.ThrowIfNullOrEmpty(target);
        if (IsThere(target))
        {
            return false;
        }

        var address = new Uri(_endpoint, $"datasets/{dataset}/resolve/{ParquetRevision}/{configuration}/{split}/0000.parquet");
        try
        {
            Fetch(address, target, cancellationToken);
            return true;
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
        {
            throw new HubException($"{address}: {exception.Message} Is there a network? Or put the data into the folder by hand.", exception);
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _client.Dispose();
        _handler.Dispose();
    }

    /// <summary>Whether a file was fetched from a hub: its checksum lies beside it.</summary>
    internal static bool HasNote(string target) => File.Exists(NoteOf(target));

    private static string NoteOf(string target) => target + ".sha256";

    private static bool IsThere(string target)
    {
        if (!File.Exists(target) || !File.Exists(NoteOf(target)))
        {
            return false;
        }

        using FileStream file = new(target, FileMode.Open, FileAccess.Read, FileShare.Read);
        return Convert.ToHexStringLower(SHA256.HashData(file)) == Encoding.UTF8.GetString(CappedFile.ReadAllBytes(NoteOf(target), 1024)).Trim();
    }

    private void Fetch(Uri address, string target, CancellationToken cancellationToken)
    {
        string? checksum = null;
        Uri place = address;
        for (int i = 0; i < MostRedirects; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, place);
            using HttpResponseMessage response = _client.Send(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            checksum ??= ChecksumOf(response);
            if ((int)response.StatusCode is >= 300 and < 400 && response.Headers.Location is { } location)
            {
                place = Next(place, location);
                continue;
            }

            if (response.StatusCode != HttpStatusCode.OK)
            {
                throw new HubException($"{address}: the hub answers {(int)response.StatusCode} {response.ReasonPhrase}, expected 200. Put the data into the folder by hand.");
            }

            Save(response, address, checksum ?? throw new HubException($"{address}: the hub gives no checksum, expected a SHA-256 in 'X-Linked-Etag' or 'ETag'."), target, cancellationToken);
            return;
        }

        throw new HubException($"{address}: the hub redirects more than {MostRedirects} times, expected the file.");
    }

    /// <summary>A place over https is not left for one without.</summary>
    private static Uri Next(Uri place, Uri location)
    {
        var next = new Uri(place, location);
        return next.Scheme == "https" || next.Scheme == place.Scheme
            ? next
            : throw new HubException($"{place}: the hub redirects to '{MessageText.Shown(next.ToString())}', expected an address over {place.Scheme}.");
    }

    private static string? ChecksumOf(HttpResponseMessage response)
    {
        string? linked = response.Headers.TryGetValues("X-Linked-Etag", out IEnumerable<string>? values) ? values.FirstOrDefault() : null;
        string tag = (linked ?? response.Headers.ETag?.Tag ?? "").Trim('"').ToLowerInvariant();
        return tag.Length == 64 && tag.All(char.IsAsciiHexDigit) ? tag : null;
    }

    private static void Save(HttpResponseMessage response, Uri address, string checksum, string target, CancellationToken cancellationToken)
    {
        long length = response.Content.Headers.ContentLength ?? 0;
        ThrowIfTooLarge(address, length);
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(target))!);
        string note = "";
        AtomicFile.Write(target, file =>
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            using Stream source = response.Content.ReadAsStream(cancellationToken);
            byte[] chunk = new byte[1 << 16];
            long total = 0;
            for (int read = source.Read(chunk); read > 0; read = source.Read(chunk))
            {
                cancellationToken.ThrowIfCancellationRequested();
                total += read;
                ThrowIfTooLarge(address, total);
                hash.AppendData(chunk, 0, read);
                file.Write(chunk, 0, read);
            }

            note = Convert.ToHexStringLower(hash.GetHashAndReset());
            if (note != checksum)
            {
                throw new HubException(FormattableString.Invariant($"{address}: {total:N0} bytes have the checksum {note}, expected {checksum}. Try again."));
            }
        });
        AtomicFile.WriteAllText(NoteOf(target), note + "\n");
    }

    private static void ThrowIfTooLarge(Uri address, long bytes)
    {
        if (bytes > LargestFile)
        {
            throw new HubException(FormattableString.Invariant($"{address}: has {bytes:N0} bytes, expected at most {LargestFile:N0}. Put the data into the folder by hand."));
        }
    }
}
