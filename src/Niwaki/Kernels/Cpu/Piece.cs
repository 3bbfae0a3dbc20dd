namespace Niwaki.Kernels.Cpu;

/// <summary>A part of an output: half-open ranges of row tiles and of column panels.</summary>
internal readonly record struct Piece(int FirstTile, int EndTile, int FirstPanel, int EndPanel);
