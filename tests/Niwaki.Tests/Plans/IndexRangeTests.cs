using Niwaki.Plans;

namespace Niwaki.Tests.Plans;

public class IndexRangeTests
{
    [Theory]
    [InlineData(new int[0], "")]
    [InlineData(new[] { 0 }, "0-0")]
    [InlineData(new[] { 0, 1, 2 }, "0-2")]
    [InlineData(new[] { 1, 3, 4, 9 }, "1-1 3-4 9-9")]
    public void Of_Indices_GivesTheFewestRanges(int[] indices, string expected)
    {
        IReadOnlyList<IndexRange> ranges = IndexRange.Of(indices);

        Assert.Equal(expected, string.Join(' ', ranges.Select(range => $"{range.First}-{range.Last}")));
        Assert.Equal(indices.Length, ranges.Sum(range => range.Count));
    }
}
