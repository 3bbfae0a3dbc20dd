using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Niwaki.Tests.Formats.Hub;

/// <summary>A server on this machine that answers the paths of the hub: large files by a redirect to another path, with their SHA-256 in a header.</summary>
internal sealed class LocalHub : IDisposable
{
    private readonly HttpListener _listener = new();
    private readonly Task _serving;

    public LocalHub()
    {
        using (var probe = new TcpListener(IPAddress.Loopback, 0))
        {
            probe.Start();
            Endpoint = $"http://127.0.0.1:{((IPEndPoint)probe.LocalEndpoint).Port}";
        }

        _listener.Prefixes.Add(Endpoint + "/");
        _listener.Start();
        _serving = Task.Run(Serve);
    }

    public string Endpoint { get; }

    /// <summary>Files by their path.</summary>
    public Dictionary<string, byte[]> Files { get; } = [];

    /// <summary>Paths asked for, in their order.</summary>
    public List<string> Asked { get; } = [];

    /// <summary>Header with the checksum of a file; null: the right one.</summary>
    public Func<byte[], string?>? Checksum { get; set; }

    /// <summary>Name of that header.</summary>
    public string ChecksumHeader { get; set; } = "X-Linked-Etag";

    /// <summary>Where a file is to be had; null: on a path of this server.</summary>
    public string? Redirect { get; set; }

    /// <summary>Adds a file of a data set on the branch of Parquet files.</summary>
    public void Add(string dataset, string configuration, string split, byte[] bytes) =>
        Files.Add($"/datasets/{dataset}/resolve/refs%2Fconvert%2Fparquet/{configuration}/{split}/0000.parquet", bytes);

    public void Dispose()
    {
        _listener.Stop();
        _listener.Close();
        _serving.Wait();
    }

    private async Task Serve()
    {
        while (true)
        {
            HttpListenerContext context;
            try
            {
                context = await _listener.GetContextAsync();
            }
            catch (Exception exception) when (exception is HttpListenerException or InvalidOperationException && !_listener.IsListening)
            {
                return;
            }

            try
            {
                Answer(context);
            }
            catch (Exception exception) when (exception is HttpListenerException or IOException or InvalidOperationException)
            {
                // A client that refuses the answer by its headers hangs up before the end of the file; so does the end of the test.
            }
        }
    }

    private void Answer(HttpListenerContext context)
    {
        string path = context.Request.RawUrl!;
        Asked.Add(path);
        using HttpListenerResponse response = context.Response;
        if (path.StartsWith("/cdn", StringComparison.Ordinal))
        {
            byte[] bytes = Files[path[4..]];
            response.ContentLength64 = bytes.Length;
            response.OutputStream.Write(bytes);
        }
        else if (Files.TryGetValue(path, out byte[]? file))
        {
            response.StatusCode = 302;
            response.Headers["Location"] = Redirect ?? "/cdn" + path;
            string? checksum = Checksum is null ? Convert.ToHexStringLower(SHA256.HashData(file)) : Checksum(file);
            if (checksum is not null)
            {
                response.Headers[ChecksumHeader] = $"\"{checksum}\"";
            }
        }
        else
        {
            response.StatusCode = 404;
        }
    }
}
