namespace Niwaki.Tokenizers.Pipeline;

/// <summary>A token that is looked for in the text itself, before anything else.</summary>
internal sealed record AddedToken
{
    /// <summary>Id.</summary>
    public required int Id { get; init; }

    /// <summary>Content, as the file names the token.</summary>
    public required string Content { get; init; }

    /// <summary>The string looked for, the content unless the file says otherwise; an empty one is not looked for.</summary>
    public required string Pattern { get; init; }

    /// <summary>Whether it stands for no text: markers of begin, end and turns.</summary>
    public bool IsSpecial { get; init; }

    /// <summary>Whether it is looked for in the normalised text.</summary>
    public bool IsNormalized { get; init; }

    /// <summary>Whether it takes the white space before it.</summary>
    public bool StripsLeft { get; init; }

    /// <summary>Whether it takes the white space after it.</summary>
    public bool StripsRight { get; init; }

    /// <summary>Whether it counts only where no word character stands beside it.</summary>
    public bool IsSingleWord { get; init; }
}
