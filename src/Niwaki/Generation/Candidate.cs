namespace Niwaki.Generation;

/// <summary>A token that can be chosen.</summary>
/// <param name="Id">Token id.</param>
/// <param name="Weight">Its probability times a factor common to all tokens.</param>
internal readonly record struct Candidate(int Id, double Weight)
{
    /// <summary>Order by weight, largest first, then by id, so that ties are settled the same way everywhere.</summary>
    public static int BestFirst(Candidate a, Candidate b)
    {
        int byWeight = b.Weight.CompareTo(a.Weight);
        return byWeight != 0 ? byWeight : a.Id.CompareTo(b.Id);
    }
}
