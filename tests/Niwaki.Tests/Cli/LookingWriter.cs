namespace Niwaki.Tests.Cli;

/// <summary>A result stream that looks at something before its first line.</summary>
internal sealed class LookingWriter(Func<int> look) : StringWriter
{
    /// <summary>What was seen then; -1: no line came.</summary>
    public int Seen { get; private set; } = -1;

    public override void WriteLine(string? value)
    {
        Seen = Seen < 0 ? look() : Seen;
        base.WriteLine(value);
    }
}
