namespace Niwaki.Tokenizers.PreTokenizers;

/// <summary>Turns the matches of a pattern, and the gaps between them, into pieces.</summary>
/// <remarks>
/// A pattern reports its matches in order with <see cref="Match"/> and ends with <see cref="End"/>. At most one piece is held back,
/// because every behaviour looks at direct neighbours only.
/// </remarks>
internal ref struct PieceJoiner
{
    private readonly ReadOnlySpan<char> _text;
    private readonly bool _startsText;
    private readonly PieceSink _next;
    private readonly SplitBehaviour _behaviour;
    private readonly bool _invert;
    private int _position;
    private int _heldStart;
    private int _heldEnd;
    private bool _heldIsMatch;

    public PieceJoiner(ReadOnlySpan<char> text, bool startsText, PieceSink next, SplitBehaviour behaviour, bool invert)
    {
        _text = text;
        _startsText = startsText;
        _next = next;
        _behaviour = behaviour;
        _invert = invert;
    }

    /// <summary>Reports a match; matches come in order and do not overlap.</summary>
    /// <param name="start">First character.</param>
    /// <param name="end">Character after the last.</param>
    public void Match(int start, int end)
    {
        if (start > _position)
        {
            Add(_position, start, isMatch: _invert);
        }

        Add(start, end, isMatch: !_invert);
        _position = end;
    }

    /// <summary>Hands on what follows the last match.</summary>
    public void End()
    {
        if (_position < _text.Length)
        {
            Add(_position, _text.Length, isMatch: _invert);
        }

        EmitHeld();
    }

    private void Add(int start, int end, bool isMatch)
    {
        switch (_behaviour)
        {
            case SplitBehaviour.Isolated:
                Emit(start, end);
                break;
            case SplitBehaviour.Removed:
                if (!isMatch)
                {
                    Emit(start, end);
                }

                break;
            case SplitBehaviour.MergedWithPrevious:
                HoldOrExtend(start, end, isMatch, extends: isMatch && !_heldIsMatch);
                break;
            case SplitBehaviour.MergedWithNext:
                HoldOrExtend(start, end, isMatch, extends: !isMatch && _heldIsMatch);
                break;
            default:
                HoldOrExtend(start, end, isMatch, extends: isMatch == _heldIsMatch);
                break;
        }
    }

    private void HoldOrExtend(int start, int end, bool isMatch, bool extends)
    {
        if (!extends || _heldEnd == _heldStart)
        {
            EmitHeld();
            _heldStart = start;
        }

        _heldEnd = end;
        _heldIsMatch = isMatch;
    }

    private void EmitHeld()
    {
        Emit(_heldStart, _heldEnd);
        _heldStart = _heldEnd;
    }

    private readonly void Emit(int start, int end)
    {
        if (end > start)
        {
            _next.Take(_text[start..end], _startsText && start == 0);
        }
    }
}
