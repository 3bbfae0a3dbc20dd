using Niwaki.Kernels.Cpu;

namespace Niwaki.Tests.Kernels.Cpu;

public sealed class RowTilingTests
{
    [Fact]
    public void Start_AnyRows_CoversThemWithoutThinTiles()
    {
        for (int rows = 0; rows <= 300; rows++)
        {
            var tiling = new RowTiling(rows);
            Assert.Equal(0, tiling.Start(0));
            Assert.Equal(rows, tiling.Start(tiling.Count));
            for (int tile = 0; tile < tiling.Count; tile++)
            {
                int height = tiling.Start(tile + 1) - tiling.Start(tile);
                Assert.InRange(height, rows < 4 ? rows : rows == 7 ? 3 : 4, 6);
            }
        }
    }
}
