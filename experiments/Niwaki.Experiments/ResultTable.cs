namespace Niwaki.Experiments;

/// <summary>A CSV file that several processes add lines to; what is in it need not be measured again.</summary>
internal sealed class ResultTable
{
    private readonly string _path;
    private readonly int _keyCells;

    /// <summary>Begins the file where there is none.</summary>
    /// <param name="path">The file.</param>
    /// <param name="header">Its first line.</param>
    /// <param name="keyCells">Cells at the beginning of a line that name what was measured.</param>
    public ResultTable(string path, string header, int keyCells)
    {
        _path = path;
        _keyCells = keyCells;
        if (!File.Exists(path))
        {
            Append([header]);
        }
    }

    /// <summary>Whether the file has a line that begins with a key.</summary>
    public bool Holds(string key) => File.ReadLines(_path).Any(line => string.Join(',', line.Split(',').Take(_keyCells)) == key);

    /// <summary>Adds lines, all at once.</summary>
    public void Append(IEnumerable<string> lines)
    {
        byte[] bytes = System.Text.Encoding.UTF8.GetBytes(string.Concat(lines.Select(line => line + "\n")));
        for (int attempt = 0; ; attempt++)
        {
            try
            {
                using var file = new FileStream(_path, FileMode.Append, FileAccess.Write, FileShare.Read);
                file.Write(bytes);
                return;
            }
            catch (IOException) when (attempt < 100)
            {
                Thread.Sleep(20); // another process is writing
            }
        }
    }
}
