namespace Niwaki.Tokenizers.SentencePiece;

/// <summary>Types of pieces, numbered as in <c>sentencepiece_model.proto</c>.</summary>
internal enum PieceType
{
    /// <summary>Text.</summary>
    Normal = 1,

    /// <summary>Stands for what no piece covers.</summary>
    Unknown = 2,

    /// <summary>Marker such as the begin of a text.</summary>
    Control = 3,

    /// <summary>Text that is never cut.</summary>
    UserDefined = 4,

    /// <summary>Text that may be kept from use.</summary>
    Unused = 5,

    /// <summary>One byte.</summary>
    Byte = 6,
}
