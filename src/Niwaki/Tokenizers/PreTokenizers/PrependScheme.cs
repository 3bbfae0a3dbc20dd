namespace Niwaki.Tokenizers.PreTokenizers;

/// <summary>When a metaspace is put in front of a text that does not begin with one.</summary>
internal enum PrependScheme
{
    /// <summary>In front of every text between added tokens.</summary>
    Always,

    /// <summary>Only where the whole text begins.</summary>
    First,

    /// <summary>Nowhere.</summary>
    Never,
}
