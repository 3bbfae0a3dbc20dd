namespace Niwaki.Cli;

/// <summary>What the process returns.</summary>
internal static class ExitCodes
{
    public const int Success = 0;
    public const int Failure = 1;
    public const int Usage = 2;
    public const int ModelFile = 3;

    /// <summary>128 + SIGINT, as shells report a program that Ctrl-C ended.</summary>
    public const int Cancelled = 130;
}
