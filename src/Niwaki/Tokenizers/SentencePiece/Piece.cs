namespace Niwaki.Tokenizers.SentencePiece;

/// <summary>One entry of a SentencePiece vocabulary; its place in the file is its id.</summary>
/// <param name="Text">Content.</param>
/// <param name="Score">Merges that make a piece of a larger score come first.</param>
/// <param name="Type">Type.</param>
internal readonly record struct Piece(string Text, float Score, PieceType Type);
