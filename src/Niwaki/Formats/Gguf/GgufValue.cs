using System.Globalization;

namespace Niwaki.Formats.Gguf;

/// <summary>One metadata value: a number, a truth value, a text or an array of such.</summary>
public sealed class GgufValue
{
    private GgufValue(GgufValueType type, object content)
    {
        Type = type;
        Content = content;
    }

    /// <summary>Type of the value; <see cref="GgufValueType.Array"/> for arrays.</summary>
    public GgufValueType Type { get; }

    /// <summary>
    /// The value as the .NET type of its name: <c>uint</c>, <c>float</c>, <c>string</c>, …; for an array <c>uint[]</c>, <c>string[]</c>, …, and
    /// <c>GgufValue[]</c> for an array of arrays.
    /// </summary>
    public object Content { get; }

    /// <summary>Elements of an array; null for other values.</summary>
    public int? Count => (Content as Array)?.Length;

    /// <summary>Type of the elements of an array; null for other values.</summary>
    public GgufValueType? ElementType => Content is Array array ? TypeOf(array.GetType().GetElementType()!) : null;

    /// <summary>Makes a value.</summary>
    /// <param name="content">A number of 1 to 8 bytes, a truth value, a text, or an array of such; an array of arrays is <c>GgufValue[]</c>.</param>
    /// <exception cref="ArgumentException">The content is of another type.</exception>
    public static GgufValue Of(object content)
    {
        ArgumentNullException.ThrowIfNull(content);
        GgufValueType? type = content is Array array
            ? TypeOf(array.GetType().GetElementType()!) is null ? null : GgufValueType.Array
            : TypeOf(content.GetType());
        return type is { } known && (content is not GgufValue)
            ? new GgufValue(known, content)
            : throw new ArgumentException($"Metadata value is a {content.GetType().Name}, expected a number, a truth value, a text or an array of such.", nameof(content));
    }

    /// <summary>The value as a whole number, whatever its width; null where it is none or leaves 64 bits.</summary>
    public long? ToInt64() => Content switch
    {
        byte or sbyte or ushort or short or uint or int or long => Convert.ToInt64(Content, CultureInfo.InvariantCulture),
        ulong value when value <= long.MaxValue => (long)value,
        _ => null,
    };

    /// <summary>The value as a number; null where it is none.</summary>
    public double? ToDouble() => Content switch
    {
        float value => value,
        double value => value,
        ulong value => value,
        _ => ToInt64(),
    };

    /// <summary>The elements of an array of whole numbers or truth values (1 for true); null where it is none.</summary>
    public long[]? ToInt64s() => Content switch
    {
        bool[] values => [.. values.Select(value => value ? 1L : 0)],
        Array array when ElementType is not (null or GgufValueType.String or GgufValueType.Array or GgufValueType.Float32 or GgufValueType.Float64) =>
            Convert64(array),
        _ => null,
    };

    /// <summary>The value as messages show it, shortened.</summary>
    public override string ToString() => Content switch
    {
        Array array => $"an array of {MessageText.Count(array.Length)} × {ElementType}",
        string text => $"'{MessageText.Shown(text)}'",
        bool value => value ? "true" : "false",
        _ => Convert.ToString(Content, CultureInfo.InvariantCulture) ?? "",
    };

    private static long[]? Convert64(Array array)
    {
        long[] values = new long[array.Length];
        for (int i = 0; i < values.Length; i++)
        {
            if (Of(array.GetValue(i)!).ToInt64() is not { } value)
            {
                return null;
            }

            values[i] = value;
        }

        return values;
    }

    private static GgufValueType? TypeOf(System.Type type) => System.Type.GetTypeCode(type) switch
    {
        TypeCode.Byte => GgufValueType.UInt8,
        TypeCode.SByte => GgufValueType.Int8,
        TypeCode.UInt16 => GgufValueType.UInt16,
        TypeCode.Int16 => GgufValueType.Int16,
        TypeCode.UInt32 => GgufValueType.UInt32,
        TypeCode.Int32 => GgufValueType.Int32,
        TypeCode.Single => GgufValueType.Float32,
        TypeCode.Boolean => GgufValueType.Boolean,
        TypeCode.String => GgufValueType.String,
        TypeCode.UInt64 => GgufValueType.UInt64,
        TypeCode.Int64 => GgufValueType.Int64,
        TypeCode.Double => GgufValueType.Float64,
        _ => type == typeof(GgufValue) ? GgufValueType.Array : null,
    };
}
