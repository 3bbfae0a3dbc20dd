using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Niwaki.Kernels.Cpu;

/// <summary>Keys and values of one key head of one sequence, rearranged for the micro-kernel in scratch memory.</summary>
/// <remarks>
/// Keys: tiles of six keys, [tile][d][6]. Values: tiles of six of the d elements, [tile][keys][6]. Both are filled up with zeros to whole tiles.
/// </remarks>
internal sealed unsafe class PackedKeyHead(int sequence, int head)
{
    /// <summary>Keys (or elements) of a tile.</summary>
    public const int TileRows = MicroKernel.MaximumRows;

    private float* _keys;
    private float* _values;
    private int _paddedKeys;
    private int _headDim;

    /// <summary>Index of the sequence.</summary>
    public int Sequence => sequence;

    /// <summary>The key head.</summary>
    public int Head => head;

    /// <summary>Whether a value is NaN or ∞: 0 times it is not 0, so masked keys may not enter a sum.</summary>
    public bool HasNonFiniteValues { get; private set; }

    /// <summary>Rows of the values in whole tiles.</summary>
    public static int PaddedHeadDim(int headDim) => (headDim + TileRows - 1) / TileRows * TileRows;

    /// <summary>Floats of scratch memory.</summary>
    public static long Floats(int keys, int headDim) => checked(PaddedKeys(keys) * (headDim + (long)PaddedHeadDim(headDim)));

    /// <summary>The packed keys of a tile, [d][6].</summary>
    public float* KeyTile(int tile) => _keys + ((long)tile * TileRows * _headDim);

    /// <summary>The packed values of a tile of elements from a key on, [keys][6].</summary>
    public float* ValueTile(int tile, int firstKey) => _values + ((((long)tile * _paddedKeys) + firstKey) * TileRows);

    /// <summary>Takes its scratch memory; returns the first float after it.</summary>
    public float* Place(float* scratch, int keys, int headDim)
    {
        _headDim = headDim;
        _paddedKeys = (int)PaddedKeys(keys);
        _keys = scratch;
        _values = scratch + ((long)_paddedKeys * headDim);
        HasNonFiniteValues = false;
        return scratch + Floats(keys, headDim);
    }

    /// <summary>Packs a range of keys that starts at a tile; several ranges may be packed at the same time.</summary>
    /// <param name="key">The first key of the sequence in this head.</param>
    /// <param name="keyStride">Elements from one key to the next.</param>
    /// <param name="value">The first value of the sequence in this head.</param>
    /// <param name="valueStride">Elements from one value to the next.</param>
    /// <param name="first">First key of the range, a multiple of six.</param>
    /// <param name="end">One past the last key.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Pack(float* key, long keyStride, float* value, long valueStride, int first, int end)
    {
        for (int row = first; row < end; row += TileRows)
        {
            int rows = Math.Min(TileRows, end - row);
            float* tile = KeyTile(row / TileRows);
            if (rows < TileRows)
            {
                new Span<float>(tile, TileRows * _headDim).Clear();
            }

            Transposition.Copy(key + (row * keyStride), keyStride, rows, _headDim, tile, TileRows);
        }

        int padded = (int)PaddedKeys(end);
        float poison = 0;
        int element = 0;
        for (; element <= _headDim - TileRows; element += TileRows)
        {
            float* target = ValueTile(element / TileRows, first);
            poison += CopyTile(value + (first * valueStride) + element, valueStride, end - first, target);
            new Span<float>(target + ((end - first) * TileRows), (padded - end) * TileRows).Clear();
        }

        if (element < _headDim)
        {
            float* target = ValueTile(element / TileRows, first);
            new Span<float>(target, (padded - first) * TileRows).Clear();
            poison += CopyNarrowTile(value + (first * valueStride) + element, valueStride, end - first, _headDim - element, target);
        }

        if (poison != 0)
        {
            HasNonFiniteValues = true; // only ever set while packing: no order among members matters
        }
    }

    /// <summary>Copies six elements of each value; returns 0, or NaN if one is NaN or ∞ (0 · ∞ is NaN).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float CopyTile(float* value, long stride, int keys, float* target)
    {
        Vector128<float> poison = default;
        for (int key = 0; key < keys; key++, value += stride, target += TileRows)
        {
            var low = Vector128.Load(value);
            var high = Vector128.Load(value + 2); // six elements by two loads of four
            low.Store(target);
            high.Store(target + 2);
            poison += (low * Vector128<float>.Zero) + (high * Vector128<float>.Zero);
        }

        return Vector128.Sum(poison);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float CopyNarrowTile(float* value, long stride, int keys, int elements, float* target)
    {
        float poison = 0;
        for (int key = 0; key < keys; key++, value += stride, target += TileRows)
        {
            for (int i = 0; i < elements; i++)
            {
                target[i] = value[i];
                poison += value[i] * 0;
            }
        }

        return poison;
    }

    private static long PaddedKeys(int keys) => (keys + (long)TileRows - 1) / TileRows * TileRows;
}
