using System.Buffers.Binary;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.Unicode;

namespace Niwaki.Formats.Parquet;

/// <summary>Reads the values of a column in a group of rows, one for each row.</summary>
internal sealed class ParquetColumnReader(ParquetColumn column, ParquetChunk chunk, ParquetCursor cursor)
{
    private const int Plain = 0, PlainDictionary = 2, RunLength = 3, RunLengthDictionary = 8;

    private readonly string _item = $"column '{MessageText.Shown(column.Name)}'";
    private readonly List<JsonNode?> _rows = [];
    private Func<JsonNode>[] _dictionary = [];
    private JsonArray? _list;
    private bool _open;

    /// <summary>Reads all pages.</summary>
    /// <returns>A value for every row; null where it is missing.</returns>
    public IReadOnlyList<JsonNode?> Read()
    {
        long left = chunk.Values;
        while (left > 0)
        {
            ParquetPage page = ParquetPage.Read(cursor);
            ParquetCursor packed = cursor.Part(page.Packed, _item);
            if (page.Kind == 2)
            {
                if (page.Values > chunk.Values)
                {
                    throw cursor.Fault(_item, $"has a dictionary of {page.Values} values", $"at most {chunk.Values}, those of the column");
                }

                ParquetCursor bytes = Unpacked(page, packed, page.Unpacked);
                ThrowUnless(page.Encoding is Plain or PlainDictionary, page.Encoding);
                _dictionary = Values(bytes, page.Values);
            }
            else if (page.Kind is 0 or 3)
            {
                if (page.Values > left)
                {
                    throw cursor.Fault(_item, $"has a page of {page.Values} values", $"at most {left}, what is left of the column");
                }

                left -= page.Values;
                ReadData(page, packed);
            }
        }

        return _rows;
    }

    private ParquetCursor Unpacked(ParquetPage page, ParquetCursor packed, int size) => size < 0
        ? throw cursor.Fault(_item, $"has levels of {page.RepetitionBytes} and {page.DefinitionBytes} bytes", $"at most the {page.Unpacked} of the page")
        : packed.Unpacked(ParquetCodec.Unpack(page.IsPacked ? chunk.Codec : 0, packed, size));

    private void ReadData(ParquetPage page, ParquetCursor packed)
    {
        int[] repetitions = [], definitions = [];
        ParquetCursor values;
        if (page.Kind == 3)
        {
            repetitions = Levels(packed.Part(page.RepetitionBytes, _item), column.IsList ? 1 : 0, page.Values);
            definitions = Levels(packed.Part(page.DefinitionBytes, _item), column.MostDefined, page.Values);
            values = Unpacked(page, packed, page.Unpacked - page.RepetitionBytes - page.DefinitionBytes);
        }
        else
        {
            values = Unpacked(page, packed, page.Unpacked);
            repetitions = column.IsList ? Levels(values.Part(values.Int32(_item), _item), 1, page.Values) : [];
            definitions = column.MostDefined > 0 ? Levels(values.Part(values.Int32(_item), _item), column.MostDefined, page.Values) : [];
        }

        int present = definitions.Length == 0 ? page.Values : definitions.Count(level => level == column.MostDefined);
        Add(repetitions, definitions, DataValues(page, values, present), page.Values);
    }

    private int[] Levels(ParquetCursor levels, int most, int count) =>
        most == 0 ? [] : ParquetLevels.Read(levels, ParquetLevels.WidthOf(most), count, most, $"levels of {_item}");

    private Func<JsonNode>[] DataValues(ParquetPage page, ParquetCursor values, int count)
    {
        switch (page.Encoding)
        {
            case Plain:
                return Values(values, count);
            case RunLength when column.Type == ParquetType.Boolean:
                int[] bits = count == 0 ? [] : ParquetLevels.Read(values.Part(values.Int32(_item), _item), 1, count, 1, _item);
                return [.. bits.Select(bit => (Func<JsonNode>)(() => bit == 1))];
            case PlainDictionary or RunLengthDictionary when count == 0:
                return [];
            case PlainDictionary or RunLengthDictionary:
                int width = values.Byte(_item);
                if (width > 32 || _dictionary.Length == 0)
                {
                    throw cursor.Fault(_item, width > 32 ? $"has indices of {width} bits" : $"has {count} indices and no dictionary", width > 32 ? "at most 32" : "a dictionary in front");
                }

                return [.. ParquetLevels.Read(values, width, count, _dictionary.Length - 1, $"indices of {_item}").Select(index => _dictionary[index])];
            default:
                ThrowUnless(false, page.Encoding);
                return [];
        }
    }

    /// <summary>Plain values; each is made anew where it is used, because a node of JSON has one place.</summary>
    private Func<JsonNode>[] Values(ParquetCursor values, int count)
    {
        long least = column.Type switch
        {
            ParquetType.Boolean => ((long)count + 7) / 8,
            ParquetType.Int64 or ParquetType.Double => 8L * count,
            _ => 4L * count,
        };
        if (least > values.Left)
        {
            throw cursor.Fault(_item, $"has {count} values in {values.Left} bytes", $"at least {least} bytes");
        }

        var read = new Func<JsonNode>[count];
        byte bits = 0;
        for (int i = 0; i < count; i++)
        {
            bits = column.Type == ParquetType.Boolean && i % 8 == 0 ? values.Byte(_item) : bits;
            read[i] = Value(values, ((bits >> (i % 8)) & 1) == 1);
        }

        return read;
    }

    private Func<JsonNode> Value(ParquetCursor values, bool bit)
    {
        switch (column.Type)
        {
            case ParquetType.Boolean:
                return () => bit;
            case ParquetType.Int32:
                int small = values.Int32(_item);
                return () => small;
            case ParquetType.Int64:
                long large = BinaryPrimitives.ReadInt64LittleEndian(values.Take(8, _item));
                return () => large;
            case ParquetType.Float:
                return Number(BinaryPrimitives.ReadSingleLittleEndian(values.Take(4, _item)));
            case ParquetType.Double:
                return Number(BinaryPrimitives.ReadDoubleLittleEndian(values.Take(8, _item)));
            case ParquetType.ByteArray:
                ReadOnlySpan<byte> bytes = values.Take(values.Int32(_item), _item);
                string text = Utf8.IsValid(bytes) ? Encoding.UTF8.GetString(bytes) : throw cursor.Fault(_item, "holds bytes that are no UTF-8", "texts");
                return () => text;
            default:
                throw cursor.Unsupported(_item, $"holds {column.Type}", "truth values, 32- or 64-bit numbers or texts");
        }
    }

    private Func<JsonNode> Number(double number) => double.IsFinite(number) ? () => number : throw cursor.Fault(_item, $"holds {number}", "finite numbers");

    private void Add(int[] repetitions, int[] definitions, Func<JsonNode>[] values, int count)
    {
        int next = 0;
        for (int i = 0; i < count; i++)
        {
            int defined = definitions.Length == 0 ? column.MostDefined : definitions[i];
            JsonNode? value = defined == column.MostDefined ? values[next++]() : null;
            if (!column.IsList)
            {
                _rows.Add(value);
            }
            else if (repetitions[i] == 0)
            {
                // Below the level of its elements a list is empty, below that missing.
                _list = defined >= column.ListDefined - 1 ? [] : null;
                _open = defined >= column.ListDefined;
                _rows.Add(_list);
                if (_open)
                {
                    _list!.Add(value);
                }
            }
            else if (_open && defined >= column.ListDefined)
            {
                _list!.Add(value);
            }
            else
            {
                throw cursor.Fault(_item, "goes on with a list that is empty or missing", "a list with elements");
            }
        }
    }

    private void ThrowUnless(bool isKnown, int encoding)
    {
        if (!isKnown)
        {
            throw cursor.Unsupported(_item, FormattableString.Invariant($"is in encoding {encoding}"), "plain (0) or a dictionary (2, 8)", "Write the file anew with one of these.");
        }
    }
}
