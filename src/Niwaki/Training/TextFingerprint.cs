using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Niwaki.Training;

/// <summary>Tells one text from another by its token ids.</summary>
internal static class TextFingerprint
{
    /// <summary>SHA-256 of the ids, each in 4 bytes of this machine's order: 64 lower-case hexadecimal digits.</summary>
    public static string Of(int[] ids) => Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes(ids.AsSpan())));
}
