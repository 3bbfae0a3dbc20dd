namespace Niwaki.Runs;

/// <summary>A run folder is not in the state that was asked for: taken, in use, or no run at all.</summary>
public sealed class RunFolderException : NiwakiException
{
    /// <summary>Makes an error.</summary>
    /// <param name="folder">Path of the run folder.</param>
    /// <param name="message">What was found, what was expected, and the next step.</param>
    /// <param name="innerException">The cause, if another error led to this one.</param>
    public RunFolderException(string folder, string message, Exception? innerException = null)
        : base(message, innerException) => Folder = folder;

    /// <summary>Path of the run folder.</summary>
    public string Folder { get; }
}
