using System.Text;
using Niwaki.Formats;

namespace Niwaki.Tokenizers.SentencePiece;

/// <summary>The content of a <c>tokenizer.model</c>: the message <c>ModelProto</c> of <c>sentencepiece_model.proto</c>, as far as it matters here.</summary>
internal sealed class SentencePieceFile
{
    private const int MaxPieces = 1 << 22;     // fifteen times the largest vocabulary seen (262,144)
    private const int MaxPieceLength = 512;    // code units; SentencePiece trains pieces of at most 16 characters by default
    private const int MaxBytes = 1 << 26;      // 64 MiB: fifteen times the largest file seen (4.2 MB)

    private readonly string _path;
    private readonly List<Piece> _pieces = [];

    private SentencePieceFile(string path) => _path = path;

    /// <summary>Pieces by id.</summary>
    public IReadOnlyList<Piece> Pieces => _pieces;

    /// <summary>Algorithm: 1 unigram, 2 byte-pair encoding, 3 words, 4 characters.</summary>
    public int ModelType { get; private set; } = 1;

    /// <summary>Id of the begin marker, negative if there is none.</summary>
    public int BeginOfTextId { get; private set; } = 1;

    /// <summary>Id of the end marker, negative if there is none.</summary>
    public int EndOfTextId { get; private set; } = 2;

    /// <summary>Whether characters without a piece become byte pieces.</summary>
    public bool FallsBackToBytes { get; private set; }

    /// <summary>Whether blanks belong to the end of words.</summary>
    public bool TreatsBlanksAsSuffix { get; private set; }

    /// <summary>Name of the normalisation rule.</summary>
    public string NormalizationName { get; private set; } = "";

    /// <summary>Whether there is a compiled map of characters, for texts or for results.</summary>
    public bool HasCharacterMap { get; private set; }

    /// <summary>Whether a blank goes in front of every text.</summary>
    public bool AddsDummyPrefix { get; private set; } = true;

    /// <summary>Whether blanks at the ends and repeated blanks are dropped.</summary>
    public bool RemovesExtraBlanks { get; private set; } = true;

    /// <summary>Whether blanks become U+2581.</summary>
    public bool EscapesBlanks { get; private set; } = true;

    /// <summary>Reads a file.</summary>
    /// <exception cref="ModelFormatException">The file is broken.</exception>
    public static SentencePieceFile Read(string path) => Parse(CappedFile.ReadAllBytes(path, MaxBytes), path);

    /// <summary>Reads the bytes of a file.</summary>
    /// <exception cref="ModelFormatException">The file is broken.</exception>
    public static SentencePieceFile Parse(ReadOnlySpan<byte> bytes, string path)
    {
        var file = new SentencePieceFile(path);
        file.ReadModel(new ProtobufReader(bytes, path));
        return file;
    }

    private void ReadModel(ProtobufReader reader)
    {
        while (reader.TryReadField())
        {
            switch (reader.Field)
            {
                case 1:
                    AddPiece(Inner(ref reader));
                    break;
                case 2:
                    ReadTrainer(Inner(ref reader));
                    break;
                case 3:
                    ReadNormalizer(Inner(ref reader));
                    break;
                case 5:
                    ReadDenormalizer(Inner(ref reader));
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }
    }

    private ProtobufReader Inner(ref ProtobufReader reader)
    {
        ReadOnlySpan<byte> message = reader.ReadBytes();
        return new ProtobufReader(message, _path, reader.BytePosition - message.Length);
    }

    private void AddPiece(ProtobufReader reader)
    {
        long start = reader.BytePosition;
        string item = $"piece {_pieces.Count}";
        string? text = null;
        float score = 0;
        int type = (int)PieceType.Normal;
        while (reader.TryReadField())
        {
            switch (reader.Field)
            {
                case 1:
                    text = ReadText(ref reader, item);
                    break;
                case 2:
                    score = reader.ReadSingle();
                    break;
                case 3:
                    type = reader.ReadInt32();
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }

        if (text is not { Length: > 0 and <= MaxPieceLength })
        {
            string found = text is null ? "has no text" : $"has {MessageText.Count(text.Length)} UTF-16 code units";
            throw reader.Fault(item, found, $"1 to {MaxPieceLength}", start);
        }

        if (!float.IsFinite(score) || type is < (int)PieceType.Normal or > (int)PieceType.Byte)
        {
            throw reader.Fault(item, $"has score {MessageText.Shown($"{score}")} and type {type}", "a finite score and a type from 1 to 6", start);
        }

        if (_pieces.Count == MaxPieces)
        {
            throw reader.Fault("vocabulary", $"has more than {MessageText.Count(MaxPieces)} pieces", "at most so many", start);
        }

        _pieces.Add(new Piece(text, score, (PieceType)type));
    }

    private static string ReadText(ref ProtobufReader reader, string item)
    {
        long start = reader.BytePosition;
        ReadOnlySpan<byte> bytes = reader.ReadBytes();
        return System.Text.Unicode.Utf8.IsValid(bytes)
            ? Encoding.UTF8.GetString(bytes)
            : throw reader.Fault(item, "has text that is not valid UTF-8", "UTF-8", start);
    }

    private void ReadTrainer(ProtobufReader reader)
    {
        while (reader.TryReadField())
        {
            switch (reader.Field)
            {
                case 3:
                    ModelType = reader.ReadInt32();
                    break;
                case 24:
                    TreatsBlanksAsSuffix = reader.ReadBoolean();
                    break;
                case 35:
                    FallsBackToBytes = reader.ReadBoolean();
                    break;
                case 41:
                    BeginOfTextId = reader.ReadInt32();
                    break;
                case 42:
                    EndOfTextId = reader.ReadInt32();
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }
    }

    private void ReadNormalizer(ProtobufReader reader)
    {
        while (reader.TryReadField())
        {
            switch (reader.Field)
            {
                case 1:
                    NormalizationName = ReadText(ref reader, "normalizer name");
                    break;
                case 2:
                    HasCharacterMap |= !reader.ReadBytes().IsEmpty;
                    break;
                case 3:
                    AddsDummyPrefix = reader.ReadBoolean();
                    break;
                case 4:
                    RemovesExtraBlanks = reader.ReadBoolean();
                    break;
                case 5:
                    EscapesBlanks = reader.ReadBoolean();
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }
    }

    private void ReadDenormalizer(ProtobufReader reader)
    {
        while (reader.TryReadField())
        {
            if (reader.Field == 2)
            {
                HasCharacterMap |= !reader.ReadBytes().IsEmpty;
            }
            else
            {
                reader.Skip();
            }
        }
    }
}
