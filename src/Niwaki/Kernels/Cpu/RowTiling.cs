namespace Niwaki.Kernels.Cpu;

/// <summary>
/// Cuts M rows into tiles of six, five and four: a thinner tile waits for the latency of its multiply-adds, so none is left over
/// unless there are fewer than four rows (or seven, 4 + 3).
/// </summary>
internal readonly struct RowTiling
{
    private readonly int _sixes;
    private readonly int _fives;

    /// <summary>Cuts rows.</summary>
    /// <param name="rows">M, 0 or more.</param>
    public RowTiling(int rows)
    {
        Rows = rows;
        _sixes = rows / MicroKernel.MaximumRows;
        int fours = 0;
        switch (rows % MicroKernel.MaximumRows)
        {
            case 1 when _sixes >= 2: // 6 + 6 + 1 = 5 + 4 + 4
                _sixes -= 2;
                _fives = 1;
                fours = 2;
                break;
            case 1 when _sixes == 1: // 6 + 1 = 4 + 3
                _sixes = 0;
                fours = 1;
                break;
            case 2 when _sixes >= 1: // 6 + 2 = 4 + 4
                _sixes--;
                fours = 2;
                break;
            case 3 when _sixes >= 1: // 6 + 3 = 5 + 4
                _sixes--;
                _fives = 1;
                fours = 1;
                break;
            case 4:
                fours = 1;
                break;
            case 5:
                _fives = 1;
                break;
        }

        int covered = (_sixes * 6) + (_fives * 5) + (fours * 4);
        Count = _sixes + _fives + fours + (rows > covered ? 1 : 0);
    }

    /// <summary>M.</summary>
    public int Rows { get; }

    /// <summary>Tiles.</summary>
    public int Count { get; }

    /// <summary>The first row of a tile; <c>Start(Count)</c> is the number of rows.</summary>
    public int Start(int tile)
    {
        int afterSixes = Math.Max(0, tile - _sixes);
        int fives = Math.Min(afterSixes, _fives);
        return Math.Min(Rows, (Math.Min(tile, _sixes) * 6) + (fives * 5) + ((afterSixes - fives) * 4));
    }
}
