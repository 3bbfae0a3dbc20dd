using System.Buffers.Binary;
using System.IO.Compression;
using Niwaki.Tests.Cli;

namespace Niwaki.Tests.Reports;

public class BrowserTests
{
    [Fact]
    public void Report_InABrowser_ShowsItsContent()
    {
        using var run = new FinishedRun("source");
        CommandResult result = CommandRunner.Run("report", run.Path, "--samples", "2", "--sample-tokens", "8");
        Assert.True(result.ExitCode == 0, result.Error);

        string dom = Chromium.Run(run["report.html"], "--dump-dom");

        Assert.Contains("<h1>source, pruned</h1>", dom, StringComparison.Ordinal);
        Assert.Contains("<h3>before</h3>", dom, StringComparison.Ordinal);
        Assert.Equal(2, dom.Split("class=\"sample\"").Length - 1);
        Assert.EndsWith("</html>", dom.Trim(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("report", 1200, false)]
    [InlineData("report", 1200, true)]
    [InlineData("report", 500, false)]
    [InlineData("compare", 1200, false)]
    [InlineData("compare", 1200, true)]
    public void Page_Screenshot_HasThePaperOfItsSchemeAndInkOnIt(string page, int width, bool dark)
    {
        using var run = new FinishedRun("model");
        string[] command = page == "report" ? ["report", run.Path, "--samples", "0"] : ["compare", run.Path, CommandRunner.Sample, "--html", run["compare.html"]];
        Assert.Equal(0, CommandRunner.Run(command).ExitCode);
        string picture = run["page.png"];

        Chromium.Run(
            run[page + ".html"],
            [$"--window-size={width},1600", $"--screenshot={picture}", .. dark ? new[] { "--blink-settings=preferredColorScheme=0" } : []]);

        byte[] pixels = ReadPng(picture, out int columns, out int rows, out int channels);
        Assert.Equal((width, 1600), (columns, rows));

        // The paper of the style sheet in the top left corner, and more than a handful of other colours: text and pictures.
        Assert.Equal(dark ? [0x13, 0x16, 0x13] : [0xfb, 0xfb, 0xf8], pixels[..3]);
        Assert.True(Enumerable.Range(0, columns * rows).Select(i => (pixels[i * channels] << 16) | (pixels[(i * channels) + 1] << 8) | pixels[(i * channels) + 2]).Distinct().Count() > 50);
    }

    /// <summary>Both pages in a frame as wide as a phone: what is wider scrolls by itself, and the page does not.</summary>
    [Fact]
    public void Pages_OnAPhone_NoWiderThanTheScreen()
    {
        using var run = new FinishedRun("model");
        Assert.Equal(0, CommandRunner.Run("report", run.Path, "--samples", "2", "--sample-tokens", "8").ExitCode);
        Assert.Equal(0, CommandRunner.Run("compare", run.Path, CommandRunner.Sample, "--html", run["compare.html"]).ExitCode);
        string frames = run["frames.html"];
        File.WriteAllText(frames, """
            <iframe width="360" height="800" src="report.html"></iframe><iframe width="360" height="800" src="compare.html"></iframe>
            <script>onload = () => document.body.append([...document.querySelectorAll('iframe')].map(
                frame => frame.contentDocument.querySelectorAll('td').length + ' cells, wider: ' + (frame.contentDocument.documentElement.scrollWidth > 360)).join('; '))</script>
            """);

        string dom = Chromium.Run(frames, "--allow-file-access-from-files", "--dump-dom");

        Assert.Matches(@"[1-9]\d* cells, wider: false; [1-9]\d* cells, wider: false</body>", dom);
    }

    /// <summary>Eight-bit RGB or RGBA, not interlaced, as browsers write it.</summary>
    private static byte[] ReadPng(string path, out int width, out int height, out int channels)
    {
        byte[] file = File.ReadAllBytes(path);
        width = BinaryPrimitives.ReadInt32BigEndian(file.AsSpan(16));
        height = BinaryPrimitives.ReadInt32BigEndian(file.AsSpan(20));
        channels = file[25] == 6 ? 4 : 3;
        using var data = new MemoryStream();
        for (int at = 8; at < file.Length;)
        {
            int length = BinaryPrimitives.ReadInt32BigEndian(file.AsSpan(at));
            if (file.AsSpan(at + 4, 4).SequenceEqual("IDAT"u8))
            {
                data.Write(file, at + 8, length);
            }

            at += length + 12;
        }

        data.Position = 0;
        using var inflate = new ZLibStream(data, CompressionMode.Decompress);
        int stride = width * channels;
        byte[] pixels = new byte[stride * height];
        byte[] line = new byte[stride + 1];
        for (int row = 0; row < height; row++)
        {
            inflate.ReadExactly(line);
            for (int i = 0; i < stride; i++)
            {
                int left = i >= channels ? pixels[(row * stride) + i - channels] : 0;
                int up = row > 0 ? pixels[((row - 1) * stride) + i] : 0;
                int corner = row > 0 && i >= channels ? pixels[((row - 1) * stride) + i - channels] : 0;
                pixels[(row * stride) + i] = (byte)(line[i + 1] + line[0] switch { 0 => 0, 1 => left, 2 => up, 3 => (left + up) / 2, _ => Paeth(left, up, corner) });
            }
        }

        return pixels;
    }

    private static int Paeth(int left, int up, int corner)
    {
        int guess = left + up - corner;
        (int a, int b, int c) = (Math.Abs(guess - left), Math.Abs(guess - up), Math.Abs(guess - corner));
        return a <= b && a <= c ? left : b <= c ? up : corner;
    }
}
