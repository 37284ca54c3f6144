"""Reads the PDF files that Typst writes: their text, their structure, their metadata. Enough for tests, no more."""

import re
import zlib

_OBJECT = re.compile(rb"(?<![0-9])(\d+) 0 obj\s(.*?)\sendobj", re.DOTALL)
_LENGTH = re.compile(rb"/Length (\d+)(?! \d+ R)")
_STREAM = re.compile(rb"stream\r?\n")
_TOKEN = re.compile(rb"/(f\d+) [\d.]+ Tf|(\()|(\bET\b)|<([0-9A-Fa-f]+)>")
_PART = re.compile(rb"\\.|[()]", re.DOTALL)
_ESCAPES = {ord("n"): 10, ord("r"): 13, ord("t"): 9, ord("b"): 8, ord("f"): 12}


class Pdf:
    """A PDF file taken apart."""

    def __init__(self, content: bytes) -> None:
        assert content.startswith(b"%PDF-"), content[:20]
        self.content = content
        self.objects = {int(number): body for number, body in _OBJECT.findall(content)}

    @property
    def catalogue(self) -> bytes:
        """The document's own dictionary."""
        (found,) = [body for body in self.objects.values() if b"/Type/Catalog" in body]
        return found

    @property
    def language(self) -> str:
        """The document's language."""
        found = re.search(rb"/Lang\(([^)]*)\)", self.catalogue)
        return found[1].decode() if found else ""

    @property
    def metadata(self) -> str:
        """The XMP packet: title, standards, dates."""
        found = re.search(rb"<x:xmpmeta.*?</x:xmpmeta>", self.content, re.DOTALL)
        return found[0].decode() if found else ""

    @property
    def is_tagged(self) -> bool:
        """Whether it says that it is, and has a tree of tags."""
        return b"/Marked true" in self.catalogue and b"/StructTreeRoot" in self.catalogue

    def tags(self) -> list[str]:
        """The kinds of the structure's elements, in the file's order."""
        return [
            found[1].decode()
            for body in self.objects.values()
            if (found := re.search(rb"/Type/StructElem/S/(\w+)", body))
        ]

    def text(self) -> str:
        """Everything that is drawn, page by page; spans of the same line are joined."""
        pages = [body for body in self.objects.values() if re.search(rb"/Type/Page\b(?!s)", body)]
        return re.sub(r"[ \n]+", " ", "\n".join(self._page(body) for body in pages))

    def _stream(self, number: int) -> bytes:
        body = self.objects[number]
        start, length = _STREAM.search(body), _LENGTH.search(body)
        assert start and length
        # By its length: compressed bytes may end in a newline, or hold any word.
        content = body[start.end() : start.end() + int(length[1])]
        return zlib.decompress(content) if b"/FlateDecode" in body[: start.start()] else content

    def _fonts(self, page: bytes) -> dict[bytes, dict[int, str]]:
        reference = re.search(rb"/Resources (\d+) 0 R", page)
        resources = self.objects[int(reference[1])] if reference else page
        fonts = {}
        for name, number in re.findall(rb"/(f\d+) (\d+) 0 R", resources):
            found = re.search(rb"/ToUnicode (\d+) 0 R", self.objects[int(number)])
            assert found
            fonts[name] = self._letters(self._stream(int(found[1])).decode("latin-1"))
        return fonts

    @staticmethod
    def _letters(cmap: str) -> dict[int, str]:
        letters = {}
        for block in re.findall(r"beginbfchar(.*?)endbfchar", cmap, re.DOTALL):
            for glyph, text in re.findall(r"<([0-9A-F]+)>\s*<([0-9A-F]+)>", block):
                letters[int(glyph, 16)] = bytes.fromhex(text).decode("utf-16-be")
        return letters

    def _page(self, page: bytes) -> str:
        fonts = self._fonts(page)
        reference = re.search(rb"/Contents (\d+) 0 R", page)
        assert reference
        drawn, letters, out = self._stream(int(reference[1])), {}, []
        at = 0
        while token := _TOKEN.search(drawn, at):
            at = token.end()
            if token[1]:
                letters = fonts.get(token[1], {})
            elif token[3]:
                out.append(" ")
            else:
                end = _string_end(drawn, at) if token[2] else at
                codes = bytes.fromhex(token[4].decode()) if token[4] else _unescape(drawn[at : end - 1])
                at = end
                out += [letters.get(int.from_bytes(codes[n : n + 2]), "") for n in range(0, len(codes), 2)]
        return "".join(out)


def _string_end(drawn: bytes, at: int) -> int:
    """Return where a literal string ends: a glyph's number may be a parenthesis, bare at any depth when they match."""
    depth = 1
    while depth:
        part = _PART.search(drawn, at)
        assert part
        at, depth = part.end(), depth + {b"(": 1, b")": -1}.get(part[0], 0)
    return at


def _unescape(text: bytes) -> bytes:
    out, at = bytearray(), 0
    while at < len(text):
        if text[at] != 0x5C:
            out.append(text[at])
            at += 1
        elif octal := re.match(rb"[0-7]{1,3}", text[at + 1 :]):
            out.append(int(octal[0], 8))
            at += 1 + len(octal[0])
        else:
            out.append(_ESCAPES.get(text[at + 1], text[at + 1]))
            at += 2
    return bytes(out)
