using Niwaki.Kernels;
using Niwaki.Tensors;

namespace Niwaki.Tests.Kernels;

public sealed class EmbeddingGradientTests : IDisposable
{
    private readonly ThreadTeam _team = new(3);

    public void Dispose() => _team.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(67)]
    [InlineData(200)]
    public void Gradient_RepeatedIds_SumsTheirRows(int width)
    {
        // Row v of the gradient is what was there plus the sum of dY over the tokens with id v, in their order.
        int[] ids = [2, 0, 2, 2, 4];
        using var dy = GuardedMatrix.Normal(5, width, 1);
        using var table = GuardedMatrix.Normal(5, width, 2);
        using GuardedMatrix expected = table.Copy();
        for (int row = 0; row < 5; row++)
        {
            for (int i = 0; i < width; i++)
            {
                expected.View[ids[row]][i] += dy.View[row][i];
            }
        }

        Embedding.Gradient(_team, ids, dy.View, table.View);
        table.AssertGuardsIntact();
        Assert.Equal(expected.ToArray(), table.ToArray());
    }

    [Fact]
    public void Gradient_WrongShapesOrIds_ThrowBeforeWriting()
    {
        using var dy = GuardedMatrix.Normal(2, 3, 1);
        using var table = new GuardedMatrix(4, 3);
        Assert.Throws<ShapeMismatchException>(() => Embedding.Gradient(_team, [0], dy.View, table.View));
        Assert.Throws<ArgumentOutOfRangeException>(() => Embedding.Gradient(_team, [0, 4], dy.View, table.View));
        Assert.Throws<ArgumentException>(() => Embedding.Gradient(_team, [0, 1], dy.View, dy.View));
        Assert.All(table.ToArray(), value => Assert.Equal(0, value));
    }
}
