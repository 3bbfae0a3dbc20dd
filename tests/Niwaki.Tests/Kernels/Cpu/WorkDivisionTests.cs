using Niwaki.Kernels.Cpu;

namespace Niwaki.Tests.Kernels.Cpu;

public sealed class WorkDivisionTests
{
    [Theory]
    [InlineData(1, 1, 1, 8)]
    [InlineData(3, 7, 1, 64)]
    [InlineData(2, 512, 48, 576)]
    [InlineData(64, 2048, 128, 4096)]
    [InlineData(4, 1, 3072, 576)]
    [InlineData(2, 100, 5, 1_000_000)]
    [InlineData(16, 512, 2, 576)]
    public void Indexer_AllPieces_CoverEveryTileAndPanelOnce(int members, int rows, int panels, int depth)
    {
        var tiling = new RowTiling(rows);
        var division = new WorkDivision(members, tiling, panels, panelColumns: 16, depth, rowBytes: 4L * Math.Min(256, depth));
        int[] seen = new int[tiling.Count * panels];
        for (int i = 0; i < division.Count; i++)
        {
            Piece piece = division[i];
            Assert.True(piece.FirstTile < piece.EndTile && piece.FirstPanel < piece.EndPanel);
            for (int tile = piece.FirstTile; tile < piece.EndTile; tile++)
            {
                for (int panel = piece.FirstPanel; panel < piece.EndPanel; panel++)
                {
                    seen[(tile * panels) + panel]++;
                }
            }
        }

        Assert.All(seen, times => Assert.Equal(1, times));
        // A piece may hold two tiles where the cut does not come out even.
        Assert.InRange(division.Count, Math.Min(members, panels * tiling.Count / 2), int.MaxValue);
    }
}
