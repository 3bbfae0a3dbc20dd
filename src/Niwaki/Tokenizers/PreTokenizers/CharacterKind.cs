namespace Niwaki.Tokenizers.PreTokenizers;

/// <summary>The classes of characters that patterns tell apart.</summary>
internal enum CharacterKind : byte
{
    /// <summary>None of the others.</summary>
    Other,

    /// <summary>General category L.</summary>
    Letter,

    /// <summary>General category N.</summary>
    Number,

    /// <summary>Unicode property White_Space.</summary>
    WhiteSpace,
}
