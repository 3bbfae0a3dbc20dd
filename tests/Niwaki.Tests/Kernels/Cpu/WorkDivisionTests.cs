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
    public void Next_RunsOfAnyLength_CoverEveryTileAndPanelOnce(int members, int rows, int panels, int depth)
    {
        var tiling = new RowTiling(rows);
        var division = new WorkDivision(members, tiling, panels, panelColumns: 16, depth, rowBytes: 4L * Math.Min(256, depth));
        for (int run = 1; run <= division.Count; run = (run * 2) + 1)
        {
            int[] seen = new int[tiling.Count * panels];
            for (int unit = 0; unit < division.Count;)
            {
                int end = Math.Min(division.Count, unit + run);
                while (unit < end)
                {
                    Cover(division.Next(ref unit, end), panels, seen);
                }

                Assert.Equal(end, unit);
            }

            Assert.All(seen, times => Assert.Equal(1, times));
        }

        Assert.InRange(division.MostUnits, 1, division.Count);
        // A unit may hold two tiles or panels where the cut does not come out even.
        Assert.InRange(division.Count, Math.Min(members, panels * tiling.Count / 2), int.MaxValue);
    }

    // 512 rows are 86 tiles: each member packs and computes its own where it has eight or more of them.
    [Theory]
    [InlineData(2, true)]
    [InlineData(3, true)]
    [InlineData(10, true)]
    [InlineData(11, false)]
    public void Next_EnoughRows_ShareOfAMemberHasItsOwnRows(int members, bool own)
    {
        var division = new WorkDivision(members, new RowTiling(512), panels: 128, panelColumns: 16, depth: 2048, rowBytes: 1024);
        var owners = new Dictionary<int, int>();
        bool shared = false;
        for (int member = 0; member < members; member++)
        {
            int end = (int)((long)division.Count * (member + 1) / members);
            for (int unit = (int)((long)division.Count * member / members); unit < end;)
            {
                Piece piece = division.Next(ref unit, end);
                shared |= owners.TryGetValue(piece.FirstTile, out int owner) && owner != member;
                owners[piece.FirstTile] = member;
            }
        }

        Assert.Equal(own, !shared);
    }

    private static void Cover(Piece piece, int panels, int[] seen)
    {
        Assert.True(piece.FirstTile < piece.EndTile && piece.FirstPanel < piece.EndPanel);
        for (int tile = piece.FirstTile; tile < piece.EndTile; tile++)
        {
            for (int panel = piece.FirstPanel; panel < piece.EndPanel; panel++)
            {
                seen[(tile * panels) + panel]++;
            }
        }
    }
}
