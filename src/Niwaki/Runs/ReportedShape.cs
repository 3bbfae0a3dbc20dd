namespace Niwaki.Runs;

/// <summary>Sizes of one block in a report.</summary>
/// <param name="Heads">Query heads; 0 without attention.</param>
/// <param name="KeyValueHeads">Key and value heads; 0 without attention.</param>
/// <param name="Neurons">Neurons of the MLP; 0 without one.</param>
public sealed record ReportedShape(int Heads, int KeyValueHeads, int Neurons);
