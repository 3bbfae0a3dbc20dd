namespace Niwaki.Runs;

/// <summary>Where the text of a run comes from.</summary>
public enum TextSource
{
    /// <summary>The model writes it.</summary>
    Self,

    /// <summary>A UTF-8 text file.</summary>
    File,
}
