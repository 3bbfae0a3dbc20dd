using Niwaki.Generation;
using Niwaki.Numerics;

namespace Niwaki.Tests.Generation;

public sealed class TextOpeningTests
{
    [Fact]
    public void Next_BeginOfText_Always()
    {
        var opening = new TextOpening(10, [2, 3], 1);
        var random = new SeededRandom(0);
        Assert.All(Enumerable.Range(0, 20), _ => Assert.Equal(1, opening.Next(random)));
    }

    [Fact]
    public void Next_NoBeginOfText_EveryTokenThatEndsNoText()
    {
        // 300 draws of 4 values miss a given one with probability (3/4)^300 = 3e-38.
        var opening = new TextOpening(6, [0, 4, 77], null);
        var random = new SeededRandom(1);
        Assert.Equal([1, 2, 3, 5], Enumerable.Range(0, 300).Select(_ => opening.Next(random)).Distinct().Order());
    }

    [Fact]
    public void Follows_EndOfText_True()
    {
        var opening = new TextOpening(10, [2, 3], 1);
        Assert.Equal([2, 3], Enumerable.Range(0, 10).Where(opening.Follows));
    }

    [Fact]
    public void Follows_OneTokenForBeginAndEnd_False() => Assert.False(new TextOpening(10, [5], 5).Follows(5));

    [Fact]
    public void Constructor_EveryIdEndsAText_Throws() => Assert.Throws<ArgumentException>(() => new TextOpening(3, [0, 1, 2], null));
}
