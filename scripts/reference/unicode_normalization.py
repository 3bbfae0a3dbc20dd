"""Writes src/Niwaki/Tokenizers/Normalizers/UnicodeData.cs: what the normalisation forms of Unicode need to know.

Run with Python 3.11 (Unicode 14.0) from the root of the checkout. The stability policy of Unicode promises that normalisation of
the characters of one version never changes in a later one.

Layout, all numbers as LEB128: count of combining classes, then for each (distance to the code point before, class); count of
decompositions, then for each (distance to the code point before, length * 4 + compatibility * 2 + never composed), and the code points of
the decomposition as zigzag distances to the number before. The whole is compressed by raw deflate and written in base64.
"""

import base64
import sys
import unicodedata
import zlib


def varint(value):
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def zigzag(value):
    return varint(value * 2 if value >= 0 else -value * 2 - 1)


def is_hangul(code):
    return 0xAC00 <= code <= 0xD7A3


codes = [code for code in range(0x110000) if not 0xD800 <= code <= 0xDFFF]
classes = [code for code in codes if unicodedata.combining(chr(code))]
mapped = [code for code in codes if unicodedata.decomposition(chr(code)) and not is_hangul(code)]

data = bytearray(varint(len(classes)))
last = 0
for code in classes:
    data += varint(code - last) + varint(unicodedata.combining(chr(code)))
    last = code

data += varint(len(mapped))
last = 0
for code in mapped:
    fields = unicodedata.decomposition(chr(code)).split()
    compatibility = fields[0].startswith("<")
    parts = [int(field, 16) for field in fields[compatibility:]]
    never_composed = not compatibility and unicodedata.normalize("NFC", chr(code)) != chr(code)
    data += varint(code - last) + varint(len(parts) * 4 + compatibility * 2 + never_composed)
    last = code
    before = code
    for part in parts:
        data += zigzag(part - before)
        before = part

packer = zlib.compressobj(9, zlib.DEFLATED, -15)
text = base64.b64encode(packer.compress(bytes(data)) + packer.flush()).decode()
width = 130
lines = "\n".join(f"        {text[i:i + width]}" for i in range(0, len(text), width))
with open("src/Niwaki/Tokenizers/Normalizers/UnicodeData.cs", "w", encoding="utf-8", newline="\n") as file:
    file.write(f'''namespace Niwaki.Tokenizers.Normalizers;

/// <summary>Combining classes and decompositions of Unicode {unicodedata.unidata_version}, packed.</summary>
/// <remarks>Written by <c>scripts/reference/unicode_normalization.py</c>, which describes the layout.</remarks>
internal static class UnicodeData
{{
    /// <summary>Base64, with line breaks, of {len(data):,} bytes compressed by raw deflate.</summary>
    public const string Packed = """
{lines}
        """;
}}
''')
print(f"{len(classes)} classes, {len(mapped)} decompositions, {len(data)} bytes, {len(text)} characters", file=sys.stderr)
