using System.IO.Compression;

namespace Niwaki.Tokenizers.Normalizers;

/// <summary>Combining classes, decompositions and compositions of characters (UAX #15), unpacked from <see cref="UnicodeData"/>.</summary>
/// <remarks>Immutable and thread safe. Syllables of Hangul, which follow a formula, are not in here: see <see cref="HangulSyllable"/>.</remarks>
internal sealed class UnicodeMappings
{
    private readonly Dictionary<int, byte> _classes = [];
    private readonly Dictionary<int, Mapping> _mappings = [];
    private readonly Dictionary<(int First, int Second), int> _compositions = [];
    private readonly HashSet<int> _seconds = [];
    private int _position;

    private UnicodeMappings()
    {
        byte[] data = Unpack();
        int classes = ReadNumber(data);
        for (int i = 0, code = 0; i < classes; i++)
        {
            code += ReadNumber(data);
            _classes.Add(code, (byte)ReadNumber(data));
        }

        int mappings = ReadNumber(data);
        for (int i = 0, code = 0; i < mappings; i++)
        {
            code += ReadNumber(data);
            _mappings.Add(code, ReadMapping(data, code));
        }
    }

    /// <summary>The mappings, unpacked at first use: about 2 ms.</summary>
    public static UnicodeMappings Instance { get; } = new();

    /// <summary>Code points above which nothing decomposes, combines or composes.</summary>
    public static int Limit => 0x30000;

    /// <summary>The canonical combining class, 0 for characters that start a sequence.</summary>
    public byte ClassOf(int code) => _classes.GetValueOrDefault(code);

    /// <summary>Whether a character can be the second of a composition.</summary>
    public bool IsSecond(int code) => _seconds.Contains(code) || HangulSyllable.IsSecond(code);

    /// <summary>Whether a character changes when it is decomposed.</summary>
    /// <param name="code">Code point.</param>
    /// <param name="compatibility">Whether compatibility mappings count too.</param>
    public bool Decomposes(int code, bool compatibility)
    {
        if (!_mappings.TryGetValue(code, out Mapping mapping))
        {
            return HangulSyllable.IsSyllable(code);
        }

        // A canonical mapping stays under both rules, whatever its parts do.
        return !mapping.IsCompatibility || compatibility;
    }

    /// <summary>Whether a character on its own changes when it is decomposed and composed again.</summary>
    /// <param name="code">Code point.</param>
    /// <param name="compatibility">Whether compatibility mappings count too.</param>
    public bool ChangesWhenComposed(int code, bool compatibility)
    {
        if (!_mappings.TryGetValue(code, out Mapping mapping))
        {
            return false;
        }

        return mapping.IsCompatibility
            ? compatibility
            : mapping.IsNeverComposed || (compatibility && Array.Exists(mapping.Parts, part => ChangesWhenComposed(part, compatibility)));
    }

    /// <summary>Appends the full decomposition of a character.</summary>
    /// <param name="code">Code point.</param>
    /// <param name="compatibility">Whether compatibility mappings count too.</param>
    /// <param name="target">Takes the code points.</param>
    public void Decompose(int code, bool compatibility, List<int> target)
    {
        if (HangulSyllable.IsSyllable(code))
        {
            HangulSyllable.Decompose(code, target);
        }
        else if (_mappings.TryGetValue(code, out Mapping mapping) && (compatibility || !mapping.IsCompatibility))
        {
            foreach (int part in mapping.Parts)
            {
                Decompose(part, compatibility, target);
            }
        }
        else
        {
            target.Add(code);
        }
    }

    /// <summary>The character that two characters compose to, if they do.</summary>
    public bool TryCompose(int first, int second, out int composed) =>
        HangulSyllable.TryCompose(first, second, out composed) || _compositions.TryGetValue((first, second), out composed);

    private static byte[] Unpack()
    {
        using var packed = new MemoryStream(Convert.FromBase64String(UnicodeData.Packed));
        using var stream = new DeflateStream(packed, CompressionMode.Decompress);
        using var data = new MemoryStream();
        stream.CopyTo(data);
        return data.ToArray();
    }

    private Mapping ReadMapping(byte[] data, int code)
    {
        int header = ReadNumber(data);
        int[] parts = new int[header >> 2];
        int before = code;
        for (int i = 0; i < parts.Length; i++)
        {
            int distance = ReadNumber(data);
            before += (distance >> 1) ^ -(distance & 1); // zigzag: the lowest bit is the sign
            parts[i] = before;
        }

        var mapping = new Mapping(parts, IsCompatibility: (header & 2) != 0, IsNeverComposed: (header & 1) != 0);
        if (parts.Length == 2 && !mapping.IsCompatibility && !mapping.IsNeverComposed)
        {
            _compositions.Add((parts[0], parts[1]), code);
            _seconds.Add(parts[1]);
        }

        return mapping;
    }

    private int ReadNumber(byte[] data)
    {
        int value = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte part = data[_position++];
            value |= (part & 0x7F) << shift;
            if (part < 0x80)
            {
                return value;
            }
        }
    }

    private readonly record struct Mapping(int[] Parts, bool IsCompatibility, bool IsNeverComposed);
}
