"""Articles, words, bytes and the hash of the detokenised text of a WikiText file, with CPython's own regular expressions.

The expected values of WikiTextTests.Apply_TestSplit_AsCPython. Usage: wikitext_pages.py wiki.test.raw
"""
import hashlib
import re
import sys

STEPS = (
    ("s '", "s'"), (re.compile(r"/' [0-9]/"), "/'[0-9]/"),
    (" @-@ ", "-"), (" @,@ ", ","), (" @.@ ", "."),
    (" : ", ": "), (" ; ", "; "), (" . ", ". "), (" ! ", "! "), (" ? ", "? "), (" , ", ", "),
    (re.compile(r"\(\s*([^\)]*?)\s*\)"), r"(\1)"), (re.compile(r"\[\s*([^\]]*?)\s*\]"), r"[\1]"), (re.compile(r"{\s*([^}]*?)\s*}"), r"{\1}"),
    (re.compile(r"\"\s*([^\"]*?)\s*\""), r'"\1"'), (re.compile(r"'\s*([^']*?)\s*'"), r"'\1'"),
    ("= = = =", "===="), ("= = =", "==="), ("= =", "=="), (" \u00b0 ", "\u00b0"), (" \n", "\n"), ("\n ", "\n"), (" N ", " 1 "), (" 's", "'s"),
)


def detokenise(page):
    for found, put in STEPS:
        page = page.replace(found, put) if isinstance(found, str) else found.sub(put, page)
    return page


def pages(text):
    lines = []
    for line in text.split("\n"):
        title = line.replace("= = =", "===").replace("= =", "==").strip()
        if title.startswith("= ") and title.endswith(" ="):
            if "\n".join(lines).strip():
                yield "\n".join(lines)
            lines = []
        lines.append(line)
    yield "\n".join(lines)


with open(sys.argv[1], encoding="utf-8", newline="\n") as file:
    found = list(pages(file.read()))
print("articles", len(found))
print("words", sum(len(re.split(r"\s+", page)) for page in found))
print("bytes", sum(len(page.encode()) for page in found))
print("sha256", hashlib.sha256("\0".join(map(detokenise, found)).encode()).hexdigest())
