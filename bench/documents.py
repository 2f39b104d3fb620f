"""Mails, office documents and PDFs for the benchmarks, made of texts, pictures and programs of this machine.

    path = documents.office(data, 1000)       # a folder; pdfs() likewise; mailbox(): one file
    documents.marks("office", 1000)           # {signature's name: bytes}, the marks that are in them

Some carry a mark: inert bytes that a signature can look for (write_signatures). In most formats a mark can only be
seen by who reads the format. What is made is the same each time on the same machine.
"""

import base64
import hashlib
import html
import io
import pathlib
import random
import re
import struct
import zipfile
import zlib

import clamav_objects
import datasets

MARKED_EVERY = 10  # Documents; of mails, every tenth of those that carry something.
CARRIER_EVERY = 4  # A quarter of the mails.
NAMESPACES = {
    "w": "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
    "r": "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    "s": "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
    "types": "http://schemas.openxmlformats.org/package/2006/content-types",
    "relations": "http://schemas.openxmlformats.org/package/2006/relationships",
    "office": "urn:oasis:names:tc:opendocument:xmlns:office:1.0",
    "text": "urn:oasis:names:tc:opendocument:xmlns:text:1.0",
    "manifest": "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0",
}
XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'


def marked(kind, number):
    """Whether the document of this number carries a mark."""
    if kind == "mailbox":
        return number % (CARRIER_EVERY * MARKED_EVERY) == 0
    return number % MARKED_EVERY == 0


def mark(kind, number):
    """The mark of one document: letters and digits, which every format can hold in a text."""
    return hashlib.sha256(f"Daylight's inert mark: {kind} {number}".encode()).hexdigest()[:24].encode()


def marks(kind, count):
    return {f"Bench.Inert.{kind}-{n}": mark(kind, n) for n in range(count) if marked(kind, n)}


def write_signatures(folder, others, names):
    """A folder of signature files: links to those in `others`, and one that looks for these marks ({name: bytes})."""
    for path in sorted(pathlib.Path(others).iterdir()):
        (folder / path.name).symlink_to(path.resolve())
    (folder / "bench-marks.ndb").write_text("".join(f"{name}:0:*:{what.hex()}\n" for name, what in names.items()))
    return folder


class Author:
    """Writes documents. Each function takes what else to put in (b"": nothing) and returns the bytes of a file."""

    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.texts = [p for p in datasets.sources("/usr/share/doc", most=2000)
                      if not p.endswith((".gz", ".png", ".pdf", ".svg", ".html"))]
        self.pictures = datasets.sources("/usr/share", 1000, most=200, endings=(".png",))
        self.programs = datasets.sources("/usr/bin", 2 * datasets.PIECE)

    def text(self, least, most):
        """About so many characters of one or several texts."""
        wanted, found = self.rng.randrange(least, most), ""
        while len(found) < wanted:
            found += pathlib.Path(self.rng.choice(self.texts)).read_bytes()[: wanted - len(found) + 1].decode(errors="replace")
        return re.sub(r"[^\t\n\x20-\uD7FF]", " ", found)

    def piece(self, size):
        """A piece of a program, from its middle."""
        with open(self.rng.choice(self.programs), "rb") as file:
            file.seek(self.rng.randrange(16, datasets.PIECE))
            return file.read(size)

    def png(self, mark=b""):
        """A picture of this machine, with the mark in a text chunk."""
        if not self.pictures:
            return clamav_objects.png(mark + self.piece(4000).hex().encode())
        picture = pathlib.Path(self.rng.choice(self.pictures)).read_bytes()
        body = b"tEXtComment\0" + mark
        chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
        return picture[:-12] + chunk + picture[-12:]

    def zip(self, mark=b""):
        members = {f"report-{n}.txt": self.text(1000, 8000).encode() for n in range(self.rng.randrange(1, 4))}
        members["program.bin"] = self.piece(self.rng.randrange(4000, 40000)) + mark
        return clamav_objects.archive(members, zipfile.ZIP_DEFLATED)

    def docx(self, mark=b""):
        rows = []
        for line in (self.text(2000, 30000) + "\n" + mark.decode()).split("\n"):
            words = f'<w:t xml:space="preserve">{html.escape(line)}</w:t>'
            rows.append(f'<w:p w:rsidR="{self.rng.getrandbits(32):08X}" w:rsidRDefault="00000000"><w:pPr><w:pStyle w:val="Normal"/>'
                        f'<w:spacing w:after="0"/></w:pPr><w:r><w:rPr><w:sz w:val="22"/></w:rPr>{words}</w:r></w:p>')
        styles = "".join(f'<w:style w:type="paragraph" w:styleId="Style{n}"><w:name w:val="Style {n}"/><w:basedOn w:val="Normal"/>'
                         f'<w:rPr><w:sz w:val="{20 + n}"/><w:color w:val="{n * 4099:06X}"/></w:rPr></w:style>' for n in range(80))
        head = f'xmlns:w="{NAMESPACES["w"]}" xmlns:r="{NAMESPACES["r"]}"'
        members = self.package("word/document.xml", "wordprocessingml.document.main")
        members |= {"word/document.xml": f"{XML}<w:document {head}><w:body>{''.join(rows)}<w:sectPr/></w:body></w:document>",
                    "word/styles.xml": f"{XML}<w:styles {head}>{styles}</w:styles>",
                    "word/_rels/document.xml.rels": self.relations(("rId1", "styles", "styles.xml"),
                                                                   ("rId2", "image", "media/image1.png"))}
        return self.packed(members | {"word/media/image1.png": self.png()})

    def xlsx(self, mark=b""):
        texts = [*(line for line in self.text(2000, 15000).split("\n") if line), mark.decode()]
        strings = "".join(f'<si><t xml:space="preserve">{html.escape(text)}</t></si>' for text in texts)
        rows = "".join(f'<row r="{n + 1}" spans="1:3"><c r="A{n + 1}" t="s"><v>{n}</v></c><c r="B{n + 1}"><v>{self.rng.randrange(10**6)}'
                       f'</v></c><c r="C{n + 1}"><f>B{n + 1}*1.19</f><v>{self.rng.random():.12f}</v></c></row>'
                       for n in range(len(texts)))
        members = self.package("xl/workbook.xml", "spreadsheetml.sheet.main")
        head = f'xmlns="{NAMESPACES["s"]}" xmlns:r="{NAMESPACES["r"]}"'
        members |= {"xl/workbook.xml": f'{XML}<workbook {head}><sheets><sheet name="One" sheetId="1" r:id="rId1"/></sheets></workbook>',
                    "xl/_rels/workbook.xml.rels": self.relations(("rId1", "worksheet", "worksheets/sheet1.xml"),
                                                                 ("rId2", "sharedStrings", "sharedStrings.xml")),
                    "xl/worksheets/sheet1.xml": f"{XML}<worksheet {head}><sheetData>{rows}</sheetData></worksheet>",
                    "xl/sharedStrings.xml": f'{XML}<sst {head} count="{len(texts)}">{strings}</sst>'}
        return self.packed(members)

    def package(self, main, kind):
        """What the formats of ECMA-376 have in common."""
        types = (f'<Default Extension="xml" ContentType="application/xml"/><Default Extension="png" ContentType="image/png"/>'
                 f'<Override PartName="/{main}" ContentType="application/vnd.openxmlformats-officedocument.{kind}+xml"/>')
        return {"[Content_Types].xml": f'{XML}<Types xmlns="{NAMESPACES["types"]}">{types}</Types>',
                "_rels/.rels": self.relations(("rId1", "officeDocument", main))}

    @staticmethod
    def relations(*rows):
        lines = "".join(f'<Relationship Id="{name}" Type="{NAMESPACES["r"]}/{kind}" Target="{target}"/>' for name, kind, target in rows)
        return f'{XML}<Relationships xmlns="{NAMESPACES["relations"]}">{lines}</Relationships>'

    @staticmethod
    def packed(members):
        """A zip of texts and bytes; what says the type comes first as it is (OpenDocument 1.2, part 3, 3.3)."""
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as file:
            for name, what in members.items():
                file.writestr(zipfile.ZipInfo(name, (2024, 1, 1, 0, 0, 0)), what,
                              zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED)
        return out.getvalue()

    def odt(self, mark=b""):
        rows = "".join(f'<text:p text:style-name="P{self.rng.randrange(9)}">{html.escape(line)}</text:p>'
                       for line in (self.text(2000, 30000) + "\n" + mark.decode()).split("\n"))
        head = f'xmlns:office="{NAMESPACES["office"]}" xmlns:text="{NAMESPACES["text"]}" office:version="1.2"'
        entries = "".join(f'<manifest:file-entry manifest:full-path="{path}" manifest:media-type="{kind}"/>' for path, kind in
                          (("/", "application/vnd.oasis.opendocument.text"), ("content.xml", "text/xml"), ("Pictures/1.png", "image/png")))
        return self.packed({
            "mimetype": "application/vnd.oasis.opendocument.text",
            "content.xml": f"{XML}<office:document-content {head}><office:body><office:text>{rows}</office:text></office:body>"
                           "</office:document-content>",
            "Pictures/1.png": self.png(),
            "META-INF/manifest.xml": f'{XML}<manifest:manifest xmlns:manifest="{NAMESPACES["manifest"]}">{entries}</manifest:manifest>'})

    def doc(self, mark=b""):
        """A compound file as Word 97 writes it: the streams, a header of the document that says no more than that it is one, text."""
        text = self.text(2000, 30000)
        head = struct.pack("<HHHHHH", 0xA5EC, 193, 0x409, 0, 0, 0x1200).ljust(1536, b"\0")
        return clamav_objects.ole2({
            "WordDocument": head + text.encode(self.rng.choice(("cp1252", "utf-16-le")), "replace"), "1Table": self.piece(6000),
            "Data": self.png(mark), "\x05SummaryInformation": b"\xfe\xff\0\0".ljust(48, b"\0") + text[:200].encode()})

    def xls(self, mark=b""):
        """A compound file with records as Excel 97 writes them ([MS-XLS] 2.1.4): shared strings, and cells that name them."""
        def record(kind, body):
            return struct.pack("<HH", kind, len(body)) + body

        texts = [*(line[:200].encode("latin-1", "replace") for line in self.text(2000, 15000).split("\n") if line), mark]
        book = record(0x809, struct.pack("<HHHHII", 0x600, 5, 0, 1997, 0, 6))
        kind, body = 0xFC, struct.pack("<II", len(texts), len(texts))
        for text in texts:  # 0xFC is SST, 0x3C goes on with it.
            if len(body) + len(text) + 3 > 8224:
                book += record(kind, body)
                kind, body = 0x3C, b""
            body += struct.pack("<HB", len(text), 0) + text
        book += record(kind, body) + record(0x0A, b"") + record(0x809, struct.pack("<HHHHII", 0x600, 16, 0, 1997, 0, 6))
        for n in range(len(texts)):
            book += record(0xFD, struct.pack("<HHHI", n, 0, 15, n))
            book += record(0x203, struct.pack("<HHHd", n, 1, 15, self.rng.random() * 1e6))
        return clamav_objects.ole2({"Workbook": book + record(0x0A, b"")})

    def pdf(self, mark=b"", has_object_streams=False):
        """Pages of text, a font, a picture; with object streams and a table of references that is a stream (PDF 1.5), or without."""
        pages = self.rng.randrange(2, 8)
        rows = {1: b"<</Type/Catalog/Pages 2 0 R>>",
                2: b"<</Type/Pages/Count %d/Kids[%s]>>" % (pages, b" ".join(b"%d 0 R" % (7 + 2 * n) for n in range(pages))),
                3: b"<</Type/Font/Subtype/TrueType/BaseFont/ABCDEF+Sans/FirstChar 32/LastChar 126/Widths[%s]/FontDescriptor 4 0 R>>"
                   % b" ".join(b"%d" % self.rng.randrange(200, 900) for _ in range(95)),
                4: b"<</Type/FontDescriptor/FontName/ABCDEF+Sans/Flags 4/FontBBox[0 -200 1000 900]/FontFile2 5 0 R>>"}
        streams = {5: self.stream(self.piece(self.rng.randrange(8000, 40000))),
                   6: self.stream(self.piece(64 * 64 * 3), b"/Type/XObject/Subtype/Image/Width 64/Height 64/BitsPerComponent 8"
                                                           b"/ColorSpace/DeviceRGB")}
        for n in range(pages):
            rows[7 + 2 * n] = (b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents %d 0 R/Resources<</Font<</F1 3 0 R>>"
                               b"/XObject<</I1 6 0 R>>>>>>" % (8 + 2 * n))
            lines = self.text(1000, 4000).encode("latin-1", "replace").split(b"\n") + ([mark] if n == pages - 1 else [])
            shown = b"".join(b"(%s) '\n" % re.sub(rb"([()\\])", rb"\\\1", line) for line in lines)
            streams[8 + 2 * n] = self.stream(b"q 64 0 0 64 50 50 cm /I1 Do Q\nBT /F1 11 Tf 13 TL 50 800 Td\n" + shown + b"ET\n",
                                             ascii85=self.rng.randrange(8) == 0)
        return self.written_pdf(rows, streams, has_object_streams)

    @staticmethod
    def stream(data, more=b"", ascii85=False):
        packed, filters = zlib.compress(data), b"/FlateDecode"
        if ascii85:
            packed, filters = base64.a85encode(packed, wrapcol=76) + b"~>", b"[/ASCII85Decode/FlateDecode]"
        return b"<<%s/Filter%s/Length %d>>\nstream\n%s\nendstream" % (more, filters, len(packed), packed)

    def written_pdf(self, rows, streams, has_object_streams):
        out, places = bytearray(b"%PDF-1.5\n%\xe2\xe3\xcf\xd3\n"), {0: (0, 0, 65535)}

        def put(number, body):
            places[number] = (1, len(out), 0)
            out.extend(b"%d 0 obj\n%s\nendobj\n" % (number, body))

        last = max(*rows, *streams)
        if has_object_streams:  # ISO 32000-1, 7.5.7
            offsets, packed = b"", b""
            for index, (number, body) in enumerate(sorted(rows.items())):
                offsets += b"%d %d " % (number, len(packed))
                packed += body + b"\n"
                places[number] = (2, last + 1, index)
            streams[last + 1] = self.stream(offsets + packed, b"/Type/ObjStm/N %d/First %d" % (len(rows), len(offsets)))
        else:
            for number, body in sorted(rows.items()):
                put(number, body)
        for number, body in sorted(streams.items()):
            put(number, body)
        start, size = len(out), max(places) + 1
        if has_object_streams:  # 7.5.8
            places[size] = (1, start, 0)
            table = b"".join(struct.pack(">BIH", *places[n]) for n in range(size + 1))
            put(size, self.stream(table, b"/Type/XRef/W[1 4 2]/Root 1 0 R/Size %d" % (size + 1)))
        else:
            out += b"xref\n0 %d\n" % size
            out += b"".join(b"%010d %05d %s \n" % (places[n][1], places[n][2], b"n" if n else b"f") for n in range(size))
            out += b"trailer\n<</Size %d/Root 1 0 R>>\n" % size
        return bytes(out + b"startxref\n%d\n%%%%EOF\n" % start)


def folder_of(data, kind, count, write):
    """A folder of documents; `write`: what gives name and bytes of one, by the author, its number and its mark."""

    def build(folder):
        folder.mkdir()
        author = Author(kind)
        for number in range(count):
            name, body = write(author, number, mark(kind, number) if marked(kind, number) else b"")
            (folder / name).write_bytes(body)

    return datasets.made(data / f"{kind}-{count}", build)


def office(data, count):
    def write(author, number, mark):
        # Marks are every tenth, so a step that shares no factor with ten puts them into all kinds.
        kind = ("docx", "xlsx", "odt", "doc", "xls", "docx", "xlsx")[number % 7]
        return f"{number:05}.{kind}", getattr(author, kind)(mark)

    return folder_of(data, "office", count, write)


def pdfs(data, count):
    return folder_of(data, "pdf", count,
                     lambda author, number, mark: (f"{number:05}.pdf", author.pdf(mark, author.rng.randrange(2) == 0)))


def mailbox(data, count):
    """An mbox of `count` mails, a quarter of which carry a zip, a PDF, a text document or a picture."""
    kinds = {"zip": "application/zip", "pdf": "application/pdf", "png": "image/png",
             "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document"}

    def build(path):
        author = Author("mailbox")
        with open(path, "wb") as out:
            for number in range(count):
                body = author.text(500, 8000).encode()

                def attach():
                    kind = author.rng.choice(list(kinds))
                    what = mark("mailbox", number) if marked("mailbox", number) else b""
                    return f'{kinds[kind]}; name="report.{kind}"', getattr(author, kind)(what)

                out.write(datasets.mail(number, author.rng, body, attach if number % CARRIER_EVERY == 0 else None))

    return datasets.made(data / f"mailbox-of-{count}", build)
