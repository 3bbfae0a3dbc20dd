using Niwaki.Numerics;

namespace Niwaki.Generation;

/// <summary>How a model's texts begin, and behind which tokens a new one does.</summary>
internal sealed class TextOpening
{
    private readonly HashSet<int> _endIds;
    private readonly int[] _openings;

    /// <param name="vocabularySize">Token ids run from 0 to this, exclusive.</param>
    /// <param name="endIds">Ids that end a text.</param>
    /// <param name="beginOfText">Id that begins a text; null: any id that ends none.</param>
    /// <exception cref="ArgumentException">There is no begin of text, and every id ends a text.</exception>
    public TextOpening(int vocabularySize, IReadOnlyCollection<int> endIds, int? beginOfText)
    {
        _endIds = [.. endIds];
        _openings = beginOfText is { } begin ? [begin] : [.. Enumerable.Range(0, vocabularySize).Where(id => !_endIds.Contains(id))];
        if (_openings.Length == 0)
        {
            throw new ArgumentException(
                FormattableString.Invariant($"All {vocabularySize} token ids end a text, expected one at least that does not."), nameof(endIds));
        }

        if (beginOfText is { } both)
        {
            _endIds.Remove(both); // one token for both, as in GPT-2: the next text has begun already
        }
    }

    /// <summary>Whether a new text has to begin behind a token.</summary>
    public bool Follows(int id) => _endIds.Contains(id);

    /// <summary>The first token of a text.</summary>
    public int Next(SeededRandom random) => _openings[random.NextInt(_openings.Length)];
}
