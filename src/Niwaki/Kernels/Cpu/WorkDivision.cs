namespace Niwaki.Kernels.Cpu;

/// <summary>
/// Cuts an output of (row tiles × column panels) into pieces: rows so that a block of packed activations stays in a core's second-level
/// cache, panels so that the piece of the output stays there too from block to block, and so that there are enough pieces to even out
/// disturbed cores, or at least one for every member.
/// </summary>
internal readonly struct WorkDivision
{
    private const int ActivationBytes = 400 << 10; // measured on caches of 512 KiB and 2 MiB: 250 to 800 differ by little
    private const int OutputBytes = 400 << 10;
    private const double SmallestPieceOperations = 4e6; // some 40 µs: handing out a piece costs well below 1 µs
    private const int PiecesPerMember = 12;

    private readonly int _tiles;
    private readonly int _panels;
    private readonly int _tilesPerPiece;
    private readonly int _panelsPerPiece;
    private readonly int _rowPieces;

    /// <summary>Cuts an output.</summary>
    /// <param name="members">Threads that share the work.</param>
    /// <param name="tiling">The rows, at least one.</param>
    /// <param name="panels">Column panels, at least one.</param>
    /// <param name="panelColumns">Columns of a panel.</param>
    /// <param name="depth">The shared dimension.</param>
    /// <param name="rowBytes">Bytes of one packed activation row in one block of the shared dimension.</param>
    public WorkDivision(int members, RowTiling tiling, int panels, int panelColumns, int depth, long rowBytes)
    {
        _tiles = tiling.Count;
        _panels = panels;
        int rowsInCache = (int)Math.Max(MicroKernel.MaximumRows, ActivationBytes / Math.Max(1, rowBytes));
        int rowPieces = Math.Max(CeilingDivide(tiling.Rows, rowsInCache), Math.Min(_tiles, CeilingDivide(members, panels)));
        _tilesPerPiece = CeilingDivide(_tiles, rowPieces);
        _rowPieces = CeilingDivide(_tiles, _tilesPerPiece);

        long panelBytes = (long)sizeof(float) * panelColumns * CeilingDivide(tiling.Rows, _rowPieces);
        int panelPieces = CeilingDivide(panels, (int)Math.Clamp(OutputBytes / panelBytes, 1, panels));
        if (members > 1)
        {
            double operations = 2.0 * tiling.Rows * panels * panelColumns * depth;
            int wanted = (int)Math.Clamp(operations / SmallestPieceOperations, members, (double)PiecesPerMember * members);
            panelPieces = Math.Max(panelPieces, CeilingDivide(wanted, _rowPieces));
        }

        _panelsPerPiece = CeilingDivide(panels, Math.Min(panelPieces, panels));
        Count = checked(_rowPieces * CeilingDivide(panels, _panelsPerPiece));
    }

    /// <summary>Cuts an output into pieces of a given size, whatever the number of members.</summary>
    /// <param name="tiling">The rows, at least one.</param>
    /// <param name="panels">Column panels, at least one.</param>
    /// <param name="tilesPerPiece">Row tiles of a piece.</param>
    /// <param name="panelsPerPiece">Panels of a piece.</param>
    public WorkDivision(RowTiling tiling, int panels, int tilesPerPiece, int panelsPerPiece)
    {
        _tiles = tiling.Count;
        _panels = panels;
        _tilesPerPiece = tilesPerPiece;
        _panelsPerPiece = panelsPerPiece;
        _rowPieces = CeilingDivide(_tiles, tilesPerPiece);
        Count = checked(_rowPieces * CeilingDivide(panels, panelsPerPiece));
    }

    /// <summary>Pieces.</summary>
    public int Count { get; }

    /// <summary>One piece; neighbours share their weights, so that the members read them from memory once.</summary>
    public Piece this[int index]
    {
        get
        {
            int tile = index % _rowPieces * _tilesPerPiece;
            int panel = index / _rowPieces * _panelsPerPiece;
            return new Piece(tile, Math.Min(_tiles, tile + _tilesPerPiece), panel, Math.Min(_panels, panel + _panelsPerPiece));
        }
    }

    /// <summary>⌈value / divisor⌉.</summary>
    public static int CeilingDivide(int value, int divisor) => (int)(((long)value + divisor - 1) / divisor);
}
