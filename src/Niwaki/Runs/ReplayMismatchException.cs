using Niwaki.Formats;

namespace Niwaki.Runs;

/// <summary>A resumed run asks for another evaluation than the journal recorded at this place, so the two are not the same run.</summary>
public sealed class ReplayMismatchException : NiwakiException
{
    /// <summary>Makes an error.</summary>
    /// <param name="file">Path of the journal.</param>
    /// <param name="line">Line of the recorded evaluation, counted from 1.</param>
    /// <param name="recordedKey">Name of the evaluation that was recorded.</param>
    /// <param name="requestedKey">Name of the evaluation that the run asks for.</param>
    public ReplayMismatchException(string file, int line, string recordedKey, string requestedKey)
        : base(
            $"{MessageText.Shown(Path.GetFileName(file))}, line {ScalarText.Number(line)}: evaluation '{recordedKey}' is recorded, expected "
            + $"'{requestedKey}' at this place. The recipe, the model or the version of Niwaki changed since: begin a new run.")
    {
        File = file;
        Line = line;
        RecordedKey = recordedKey;
        RequestedKey = requestedKey;
    }

    /// <summary>Path of the journal.</summary>
    public string File { get; }

    /// <summary>Line of the recorded evaluation, counted from 1.</summary>
    public int Line { get; }

    /// <summary>Name of the evaluation that was recorded.</summary>
    public string RecordedKey { get; }

    /// <summary>Name of the evaluation that the run asks for.</summary>
    public string RequestedKey { get; }
}
