namespace Niwaki.Kernels.Cpu;

/// <summary>
/// Cuts an output of (row tiles × column panels) into units that the members of a team take in runs (<see cref="ThreadTeam.TryTake(int, int, int, out int, out int)"/>):
/// rows so that a block of packed activations stays in a core's second-level cache, panels so that a run of the output stays there too from block to block.
/// </summary>
internal readonly struct WorkDivision
{
    private const int ActivationBytes = 400 << 10; // measured on caches of 512 KiB and 2 MiB: 250 to 800 differ by little
    private const int OutputBytes = 400 << 10;
    private const double SmallestUnitOperations = 4e6; // some 40 µs: handing out a unit costs well below 1 µs
    private const int TilesWorthSplitting = 8; // of a member: with fewer, what packing for all costs is less than what reading all weights does

    private readonly int _tiles;
    private readonly int _panels;
    private readonly int _rowParts;
    private readonly int _panelsPerUnit;
    private readonly int _unitsPerRowPart;
    private readonly bool _rowsInTurn;

    /// <summary>Cuts an output so that every member has rows of its own, if there are enough of them.</summary>
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
        _rowParts = Math.Max(CeilingDivide(tiling.Rows, rowsInCache), Math.Min(_tiles, CeilingDivide(members, panels)));
        if (_tiles / TilesWorthSplitting >= members)
        {
            _rowParts = CeilingDivide(_rowParts, members) * members;
        }

        _rowParts = Math.Min(_rowParts, _tiles);
        int rows = CeilingDivide(tiling.Rows, _rowParts);
        double panelOperations = 2.0 * rows * panelColumns * Math.Max(1, depth);
        int fewestUnits = Math.Min(panels, CeilingDivide(members, _rowParts));
        _panelsPerUnit = (int)Math.Clamp(SmallestUnitOperations / panelOperations, 1, panels / fewestUnits);
        _unitsPerRowPart = CeilingDivide(panels, _panelsPerUnit);
        long unitBytes = (long)sizeof(float) * panelColumns * rows * _panelsPerUnit;
        MostUnits = (int)Math.Clamp(OutputBytes / unitBytes, 1, _unitsPerRowPart);
        Count = checked(_rowParts * _unitsPerRowPart);
    }

    /// <summary>Cuts an output into units of a given size that are taken one by one, whatever the number of members; neighbours share their weights.</summary>
    /// <param name="tiling">The rows, at least one.</param>
    /// <param name="panels">Column panels, at least one.</param>
    /// <param name="tilesPerUnit">Row tiles of a unit, at most.</param>
    /// <param name="panelsPerUnit">Panels of a unit.</param>
    public WorkDivision(RowTiling tiling, int panels, int tilesPerUnit, int panelsPerUnit)
    {
        _tiles = tiling.Count;
        _panels = panels;
        _rowParts = CeilingDivide(_tiles, tilesPerUnit);
        _panelsPerUnit = panelsPerUnit;
        _unitsPerRowPart = CeilingDivide(panels, panelsPerUnit);
        _rowsInTurn = true;
        MostUnits = 1;
        Count = checked(_rowParts * _unitsPerRowPart);
    }

    /// <summary>Units.</summary>
    public int Count { get; }

    /// <summary>The longest run of units whose output stays in a core's second-level cache.</summary>
    public int MostUnits { get; }

    /// <summary>The piece of a run of units as far as it goes over the same rows; moves <paramref name="first"/> behind what it covers.</summary>
    public Piece Next(ref int first, int end)
    {
        int rowPart = _rowsInTurn ? first % _rowParts : first / _unitsPerRowPart;
        int unit = _rowsInTurn ? first / _rowParts : first % _unitsPerRowPart;
        int units = _rowsInTurn ? 1 : Math.Min(end - first, _unitsPerRowPart - unit);
        first += units;
        int tile = (int)((long)_tiles * rowPart / _rowParts);
        int endTile = (int)((long)_tiles * (rowPart + 1) / _rowParts);
        return new Piece(tile, endTile, unit * _panelsPerUnit, Math.Min(_panels, (unit + units) * _panelsPerUnit));
    }

    /// <summary>⌈value / divisor⌉.</summary>
    public static int CeilingDivide(int value, int divisor) => (int)(((long)value + divisor - 1) / divisor);
}
