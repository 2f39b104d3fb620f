"""Small, inert, hand-made files of the formats that ClamAV tells apart.

Each writer takes the bytes that a signature shall find and gives a file that `clamscan --debug` recognises as the
type wanted, with entry point and sections where the arguments say. Nothing here runs: the code is `ret`.
"""

import io
import struct
import zipfile
import zlib

FILE_ALIGN, SECTION_ALIGN = 0x200, 0x1000


def align(value, to):
    return (value + to - 1) // to * to


# ---------------------------------------------------------------------------------------------------------- PE


class Pe:
    """A PE file: `data`, the file offsets of the sections and of the entry point."""

    def __init__(self, data, sections, entry):
        self.data, self.sections, self.entry = data, sections, entry

    def put(self, offset, content):
        """The same file with other bytes at a place."""
        return self.data[:offset] + content + self.data[offset + len(content):]


def _import_section(rva, imports, bits):
    """The content of an import section at `rva`: {dll: [function or ordinal]}."""
    width, flag = (8, 1 << 63) if bits == 64 else (4, 1 << 31)
    descriptors = 20 * (len(imports) + 1)
    tables = sum(2 * width * (len(names) + 1) for names in imports.values())
    blob, head, thunks = bytearray(), bytearray(), bytearray()
    base = rva + descriptors + tables
    for dll, names in imports.items():
        entries = []
        for name in names:
            if isinstance(name, int):
                entries.append(flag | name)
                continue
            entries.append(base + len(blob))
            blob += struct.pack("<H", 0) + name.encode() + b"\0"
            blob += b"\0" * (len(blob) % 2)
        table = b"".join(e.to_bytes(width, "little") for e in entries + [0])
        lookup = rva + descriptors + len(thunks)
        thunks += table + table
        head += struct.pack("<5I", lookup, 0, 0, base + len(blob), lookup + len(table))
        blob += dll.encode() + b"\0"
        blob += b"\0" * (len(blob) % 2)
    return bytes(head + b"\0" * 20 + thunks + blob)


def _version_node(key, value=b"", children=(), text=False):
    """One node of VS_VERSIONINFO; the value of a text node is counted in characters."""
    head = key.encode("utf-16-le") + b"\0\0"
    body = bytearray(6) + head
    body += b"\0" * (-len(body) % 4)
    body += value
    for child in children:
        body += b"\0" * (-len(body) % 4)
        body += child
    struct.pack_into("<3H", body, 0, len(body), len(value) // 2 if text else len(value), int(text))
    return bytes(body)


def version_info(strings):
    """VS_VERSIONINFO with one string table."""
    fixed = struct.pack("<13I", 0xFEEF04BD, 0x10000, 0x10000, 0, 0x10000, 0, 0x3F, 0, 0x40004, 1, 0, 0, 0)
    rows = [_version_node(k, v.encode("utf-16-le") + b"\0\0", text=True) for k, v in strings.items()]
    table = _version_node("040904b0", children=rows, text=True)
    return _version_node("VS_VERSION_INFO", fixed, [_version_node("StringFileInfo", children=[table], text=True)])


def _resource_section(rva, resources):
    """The content of a resource section at `rva`: [(type, id, language, bytes)], one entry a type."""
    def directory(entries):
        return struct.pack("<IIHHHH", 0, 0, 0, 0, 0, len(entries)) + b"".join(struct.pack("<II", *e) for e in entries)

    count = len(resources)
    level1, level2 = 16 + 8 * count, 24
    leaf_at = level1 + 2 * count * level2
    data_at = align(leaf_at + 16 * count, 16)
    first, second, third, leaves, blob = [], b"", b"", b"", b""
    for index, (kind, number, language, content) in enumerate(resources):
        first.append((kind, 0x80000000 | (level1 + index * level2)))
        second += directory([(number, 0x80000000 | (level1 + (count + index) * level2))])
        third += directory([(language, leaf_at + 16 * index)])
        leaves += struct.pack("<IIII", rva + data_at + len(blob), len(content), 0, 0)
        blob += content + b"\0" * (-len(content) % 16)
    head = directory(first) + second + third + leaves
    return head + b"\0" * (data_at - len(head)) + blob


def pe(sections=None, entry=(0, 0), bits=32, imports=None, version=None, overlay=b"", dll=False, machine=None):
    """A PE file. `sections`: [(name, content)]; `entry`: (section index, offset inside it)."""
    sections = [(".text", b"\xc3" * 16)] if sections is None else list(sections)
    rva, placed, directories = SECTION_ALIGN, [], [(0, 0)] * 16

    def place(name, content, flags=0xE0000020, virtual=None):
        nonlocal rva
        size = len(content) if virtual is None else virtual
        placed.append((name, content, rva, size, flags))
        rva += max(align(size, SECTION_ALIGN), SECTION_ALIGN)

    for section in sections:
        place(*section)
    if imports:
        at, content = rva, _import_section(rva, imports, bits)
        place(".idata", content, 0xC0000040)
        directories[1] = (at, 20 * (len(imports) + 1))
    if version:
        at, content = rva, _resource_section(rva, [(16, 1, 1033, version_info(version))])
        place(".rsrc", content, 0x40000040)
        directories[2] = (at, len(content))
    optional = 240 if bits == 64 else 224
    headers = align(0x80 + 24 + optional + 40 * len(placed), FILE_ALIGN)
    entry_rva = placed[entry[0]][2] + entry[1] if placed else 0
    machine = machine or (0x8664 if bits == 64 else 0x14C)
    flags = 0x0102 if bits == 32 else 0x0022
    coff = struct.pack("<HHIIIHH", machine, len(placed), 0x5F000000, 0, 0, optional, flags | (0x2000 if dll else 0))
    common = struct.pack("<IIHHHHHHIIIIHH", SECTION_ALIGN, FILE_ALIGN, 4, 0, 0, 0, 4, 0, 0, rva, headers, 0, 2, 0)
    if bits == 64:
        opt = struct.pack("<HBBIIIIIQ", 0x20B, 9, 0, 0x200, 0, 0, entry_rva, 0x1000, 0x140000000) + common
        opt += struct.pack("<QQQQII", 0x100000, 0x1000, 0x100000, 0x1000, 0, 16)
    else:
        opt = struct.pack("<HBBIIIIIII", 0x10B, 9, 0, 0x200, 0, 0, entry_rva, 0x1000, 0x2000, 0x400000) + common
        opt += struct.pack("<IIIIII", 0x100000, 0x1000, 0x100000, 0x1000, 0, 16)
    opt += b"".join(struct.pack("<II", *d) for d in directories)
    table, body, offsets = b"", b"", []
    for name, content, at, size, kind in placed:
        raw = align(len(content), FILE_ALIGN)
        offset = headers + len(body) if raw else 0
        offsets.append(offset)
        table += struct.pack("<8sIIIIIIHHI", name.encode(), size, at, raw, offset, 0, 0, 0, 0, kind)
        body += content + b"\0" * (raw - len(content))
    stub = b"MZ" + b"\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0\xb8" + b"\0" * 7 + b"\x40"
    stub = stub.ljust(60, b"\0") + struct.pack("<I", 0x80)
    head = stub.ljust(0x80, b"\0") + b"PE\0\0" + coff + opt + table
    data = head.ljust(headers, b"\0") + body + overlay
    return Pe(data, offsets, offsets[entry[0]] + entry[1] if placed else 0)


# ----------------------------------------------------------------------------------------------- ELF and Mach-O


def elf(content=b"\xc3" * 16, bits=64, big=False, entry_at=0, sections=1):
    """An executable with one loaded segment that holds `content`; the entry point is `entry_at` bytes into it."""
    order = ">" if big else "<"
    wide = bits == 64
    base, head, phent, shent = 0x400000, 64 if wide else 52, 56 if wide else 32, 64 if wide else 40
    at = align(head + phent, 16)
    names = b"\0.text\0.shstrtab\0"
    names_at = at + len(content)
    table_at = align(names_at + len(names), 8)
    count = sections + 2
    ident = b"\x7fELF" + bytes([2 if wide else 1, 2 if big else 1, 1]) + b"\0" * 9
    machine = (0x3E if wide else 3) if not big else (0x15 if wide else 0x14)
    word = "Q" if wide else "I"
    header = ident + struct.pack(order + "HHI" + word * 3 + "IHHHHHH", 2, machine, 1, base + at + entry_at, head,
                                 table_at, 0, head, phent, 1, shent, count, count - 1)
    size = names_at
    if wide:
        program = struct.pack(order + "IIQQQQQQ", 1, 5, 0, base, base, size, size, 0x1000)
    else:
        program = struct.pack(order + "IIIIIIII", 1, 0, base, base, size, size, 5, 0x1000)

    def section(name, kind, flags, address, offset, length):
        return struct.pack(order + "II" + word * 4 + "II" + word * 2, name, kind, flags, address, offset, length, 0, 0, 16, 0)

    table = section(0, 0, 0, 0, 0, 0)
    part = len(content) // sections
    for index in range(sections):
        table += section(1, 1, 6, base + at + index * part, at + index * part, part)
    table += section(7, 3, 0, 0, names_at, len(names))
    data = (header + program).ljust(at, b"\0") + content + names
    return data.ljust(table_at, b"\0") + table, at, at + entry_at


def macho(content=b"\xc3" * 16, bits=64, entry_at=0, big=False):
    """A Mach-O executable with one text section and an entry point in a thread command."""
    order = ">" if big else "<"
    wide = bits == 64
    base = 0x100000000 if wide else 0x1000
    cpu = (0x01000007 if wide else 7) if not big else (0x01000012 if wide else 18)
    magic = 0xFEEDFACF if wide else 0xFEEDFACE
    words = ({(True, False): 42, (False, False): 16, (True, True): 76, (False, True): 40})[(wide, big)]
    segment_size = (72 + 80) if wide else (56 + 68)
    thread_size = 16 + words * 4
    head = 32 if wide else 28
    at = align(head + segment_size + thread_size, 16)
    header = struct.pack(order + "7I", magic, cpu, 3, 2, 2, segment_size + thread_size, 1) + (b"\0" * 4 if wide else b"")
    size = at + len(content)
    if wide:
        segment = struct.pack(order + "II16sQQQQIIII", 0x19, segment_size, b"__TEXT", base, size, 0, size, 7, 5, 1, 0)
        segment += struct.pack(order + "16s16sQQIIIIIIII", b"__text", b"__TEXT", base + at, len(content), at, 4, 0, 0,
                               0x80000400, 0, 0, 0)
    else:
        segment = struct.pack(order + "II16sIIIIIIII", 1, segment_size, b"__TEXT", base, size, 0, size, 7, 5, 1, 0)
        segment += struct.pack(order + "16s16s9I", b"__text", b"__TEXT", base + at, len(content), at, 4, 0, 0, 0x80000400, 0, 0)
    state = bytearray(words * 4)
    where, form, flavor = {(True, False): (16 * 8, "Q", 4), (False, False): (10 * 4, "I", 1),
                           (True, True): (0, "Q", 5), (False, True): (0, "I", 1)}[(wide, big)]
    struct.pack_into(order + form, state, where, base + at + entry_at)
    thread = struct.pack(order + "IIII", 5, thread_size, flavor, words) + bytes(state)
    return (header + segment + thread).ljust(at, b"\0") + content, at, at + entry_at


# ------------------------------------------------------------------------------------------- documents and media


def ole2(streams):
    """An OLE2 compound file (version 3) in which every stream is in ordinary sectors (padded to 4,096 bytes); up to 7 MB."""
    end, fat_mark, free = 0xFFFFFFFE, 0xFFFFFFFD, 0xFFFFFFFF
    used = sum(align(max(len(content), 4096), 512) // 512 for content in streams.values()) + align(len(streams) + 1, 4) // 4
    tables = align(used, 127) // 127  # Each of the table's sectors tells of itself and 127 more.
    fat, body, rows = [fat_mark] * tables, b"", []
    for name, content in streams.items():
        content = content.ljust(4096, b"\0")
        rows.append((name, 2, len(fat), len(content)))
        count = align(len(content), 512) // 512
        fat += [len(fat) + i + 1 for i in range(count - 1)] + [end]
        body += content.ljust(count * 512, b"\0")
    directory_at = len(fat)
    entries = [("Root Entry", 5, end, 0)] + rows
    sectors = align(len(entries), 4) // 4
    fat += [len(fat) + i + 1 for i in range(sectors - 1)] + [end]
    table = b""
    for index, (name, kind, start, size) in enumerate(entries):
        label = name.encode("utf-16-le") + b"\0\0"
        right = index + 1 if 0 < index < len(entries) - 1 else free
        child = 1 if index == 0 and len(entries) > 1 else free
        table += struct.pack("<64sHBBIII16sIQQIQ", label, len(label), kind, 1, free, right, child, b"", 0, 0, 0, start, size)
    blank = struct.pack("<64sHBBIII16sIQQIQ", b"", 0, 0, 0, free, free, free, b"", 0, 0, 0, 0, 0)
    table += blank * (sectors * 4 - len(entries))
    fat += [free] * (128 * tables - len(fat))
    head = struct.pack("<8s16sHHHHH6s9I", bytes.fromhex("d0cf11e0a1b11ae1"), b"", 0x3E, 3, 0xFFFE, 9, 6, b"", 0, tables,
                       directory_at, 0, 4096, end, 0, end, 0)
    head = (head + struct.pack(f"<{tables}I", *range(tables))).ljust(512, b"\xff")
    return head + struct.pack(f"<{128 * tables}I", *fat) + body + table


def pdf(body=b"", objects=()):
    """A PDF document; `body` stands in a comment, `objects` are the contents of further objects."""
    out = bytearray(b"%PDF-1.4\n%" + body + b"\n")
    places = []
    rows = [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[]/Count 0>>", *objects]
    for number, row in enumerate(rows, 1):
        places.append(len(out))
        out += b"%d 0 obj\n" % number + row + b"\nendobj\n"
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(rows) + 1)
    out += b"".join(b"%010d 00000 n \n" % p for p in places)
    return bytes(out + b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(rows) + 1, start))


def swf(body=b""):
    """An uncompressed Flash file with the content in a metadata tag."""
    tags = struct.pack("<HI", (77 << 6) | 63, len(body)) + body + struct.pack("<H", 0)
    head = bytes.fromhex("78000550000f000fa000") + b"\x0c\0" + b"\x01\0"
    return b"FWS\x06" + struct.pack("<I", 8 + len(head) + len(tags)) + head + tags


def java_class(body=b""):
    """A class file whose constant pool holds the content as one text."""
    def text(value):
        return b"\x01" + struct.pack(">H", len(value)) + value

    pool = text(b"A") + b"\x07\0\x01" + text(b"java/lang/Object") + b"\x07\0\x03" + text(body)
    return bytes.fromhex("cafebabe00000032") + struct.pack(">H", 6) + pool + struct.pack(">7H", 0x21, 2, 4, 0, 0, 0, 0)


def gif(body=b""):
    """A picture of one point, with the content in a comment."""
    comment = b"\x21\xfe" + b"".join(bytes([len(c)]) + c for c in _chunks(body, 255)) + b"\0"
    image = b"\x2c\0\0\0\0\x01\0\x01\0\0\x02\x02\x44\x01\0"
    return b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff" + comment + image + b";"


def _chunks(data, size):
    return [data[i:i + size] for i in range(0, len(data), size)]


def png(body=b""):
    """A picture of one point, with the content in a text chunk."""
    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    return (b"\x89PNG\r\n\x1a\n" + head + chunk(b"tEXt", b"Comment\0" + body) +
            chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b""))


def jpeg(body=b""):
    """The skeleton of a JPEG file, with the content in a comment."""
    def segment(mark, content):
        return b"\xff" + bytes([mark]) + struct.pack(">H", len(content) + 2) + content

    head = segment(0xE0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0") + segment(0xFE, body)
    tables = segment(0xDB, b"\0" + b"\x10" * 64) + segment(0xC0, bytes.fromhex("0800010001010111" "00"))
    tables += segment(0xC4, b"\0" + b"\0" * 16) + segment(0xDA, bytes.fromhex("01010000" "3f00"))
    return b"\xff\xd8" + head + tables + b"\0\xff\xd9"


def tiff(body=b""):
    """A TIFF file whose only tag is an image description."""
    return b"II*\0" + struct.pack("<IHHHII", 8, 1, 270, 2, len(body), 26) + b"\0" * 4 + body


def bmp(body=b""):
    return b"BM" + struct.pack("<IHHI", 54 + len(body), 0, 0, 54) + struct.pack("<IiiHHIIiiII", 40, 1, 1, 1, 24, 0, 4, 0, 0, 0, 0) + body


def mail(body=b"", subject=b"none"):
    return (b"From: a@example.org\r\nTo: b@example.org\r\nSubject: " + subject +
            b"\r\nDate: Mon, 1 Jan 2024 00:00:00 +0000\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\n" + body + b"\r\n")


def html(body=b""):
    return b"<html><head><title>t</title></head><body>\n" + body + b"\n</body></html>\n"


def rtf(body=b""):
    return b"{\\rtf1\\ansi " + body + b"}\n"


def archive(members, method=zipfile.ZIP_STORED):
    """A zip: {name: content}, with fixed times."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as file:
        for name, content in members.items():
            file.writestr(zipfile.ZipInfo(name, (2024, 1, 1, 0, 0, 0)), content, method)
    return out.getvalue()


def one_off(data, place):
    """The same bytes with one of them changed."""
    return data[:place] + bytes([data[place] ^ 0x55]) + data[place + 1:]
