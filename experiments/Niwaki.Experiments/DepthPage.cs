namespace Niwaki.Experiments;

internal static class DepthPage
{
    public static int Run(string[] args) => args.Length;
}
